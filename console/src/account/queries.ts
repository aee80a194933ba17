import { queryOptions } from '@tanstack/react-query'
import type { ApiClient, Versioned } from '../api/client'
import type { Account } from '../api/types'

/** The account with the version that an edit names. */
export function versionedAccountQueryOptions(api: ApiClient) {
  return queryOptions({
    queryKey: [api.accountID, 'account'],
    queryFn: ({ signal }) => api.getVersioned<Account>('/account', signal),
    staleTime: 60_000,
  })
}

export function accountQueryOptions(api: ApiClient) {
  return queryOptions({ ...versionedAccountQueryOptions(api), select: (read: Versioned<Account>) => read.value })
}
