import { queryOptions, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import type { ApiClient } from '../api/client'
import type { OwnPassword, OwnSessionList } from '../api/types'
import { useSession } from '../session/session'

// Of the person, not of an account; keyed by account all the same, so that no exception has to be remembered.

export function ownPasswordQueryOptions(api: ApiClient) {
  return queryOptions({
    queryKey: [api.accountID, 'me', 'password'],
    queryFn: ({ signal }) => api.get<OwnPassword>('/me/password', signal),
  })
}

export function sessionsQueryOptions(api: ApiClient) {
  return queryOptions({
    queryKey: [api.accountID, 'me', 'sessions'],
    queryFn: ({ signal }) => api.get<OwnSessionList>('/me/sessions', signal),
  })
}

export function sessionPath(sessionID: string): string {
  return `/me/sessions/${encodeURIComponent(sessionID)}`
}

/** Reads the person's own affairs again: a new password ends sessions, too. */
export function useRefreshSecurity(): () => Promise<void> {
  const { api } = useSession()
  const queries = useQueryClient()
  return useCallback(() => queries.invalidateQueries({ queryKey: [api.accountID, 'me'] }), [api.accountID, queries])
}
