import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { ApiClient } from '../api/client'
import type { AuditEventList } from '../api/types'

export function eventsQueryOptions(api: ApiClient, query: string) {
  return queryOptions({
    queryKey: [api.accountID, 'audit-events', query],
    queryFn: ({ signal }) => api.get<AuditEventList>(`/audit-events?${query}`, signal),
    placeholderData: keepPreviousData,
  })
}
