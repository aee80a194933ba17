import { queryOptions, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import type { ApiClient } from '../api/client'
import type { CredentialList, UserList } from '../api/types'
import { totalOf } from '../credential/queries'
import { useSession } from '../session/session'

export function usersQueryOptions(api: ApiClient) {
  return queryOptions({
    queryKey: [api.accountID, 'users'],
    queryFn: ({ signal }) => api.get<UserList>('/users', signal),
  })
}

/** How many credentials a person owns; unknown where the account has no API Credentials area. */
export function ownedQueryOptions(api: ApiClient, userID: string) {
  return queryOptions({
    queryKey: [api.accountID, 'credentials', 'owned', userID],
    queryFn: ({ signal }) => api.get<CredentialList>(`/credentials?owner=${encodeURIComponent(userID)}&page_size=1`, signal),
    select: totalOf,
    retry: false,
  })
}

export function userPath(userID: string): string {
  return `/users/${encodeURIComponent(userID)}`
}

/** Reads the people again after a change, and their credentials, which follow them. */
export function useRefreshUsers(): () => Promise<void> {
  const { api } = useSession()
  const queries = useQueryClient()
  return useCallback(async () => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: [api.accountID, 'users'] }),
      queries.invalidateQueries({ queryKey: [api.accountID, 'credentials'] }),
    ])
  }, [api.accountID, queries])
}
