import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { ApiClient } from '../api/client'
import type { Usage } from '../api/types'
import { credentialPath } from '../credential/queries'

/** A credential's usage since `from`, a moment in milliseconds. It is counted up to half a minute late. */
export function usageQueryOptions(api: ApiClient, clientID: string, from: number) {
  const query = new URLSearchParams({ from: new Date(from).toISOString().replace('.000', '') })
  return queryOptions({
    queryKey: [api.accountID, 'credentials', 'usage', clientID, from],
    queryFn: ({ signal }) => api.get<Usage>(`${credentialPath(clientID)}/usage?${query}`, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  })
}
