import { queryOptions } from '@tanstack/react-query'
import type { ApiClient } from '../api/client'
import type { Explanation } from '../api/types'

/** The server's answer to a question; asked anew each time that it is wanted: things change meanwhile. */
export function explanationQueryOptions(api: ApiClient, query: string | undefined) {
  return queryOptions({
    queryKey: [api.accountID, 'explanation', query],
    queryFn: ({ signal }) => api.get<Explanation>(`/explain?${query}`, signal),
    enabled: query !== undefined,
    staleTime: 0,
  })
}
