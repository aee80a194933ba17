import { keepPreviousData, queryOptions, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import type { ApiClient } from '../api/client'
import type { Credential, CredentialList, Level } from '../api/types'
import { useSession } from '../session/session'

export function listQueryOptions(api: ApiClient, query: string) {
  return queryOptions({
    queryKey: [api.accountID, 'credentials', 'list', query],
    queryFn: ({ signal }) => api.get<CredentialList>(`/credentials?${query}`, signal),
    placeholderData: keepPreviousData,
  })
}

/** How many credentials of a level the account has, whatever the filter shows; the server stops at "1,000+". */
export function countQueryOptions(api: ApiClient, level: Level) {
  return queryOptions({
    queryKey: [api.accountID, 'credentials', 'count', level],
    queryFn: ({ signal }) => api.get<CredentialList>(`/credentials?level=${level}&page_size=1`, signal),
    select: totalOf,
  })
}

/** A count, as people read it: counting stops at 1,000. */
export interface Total {
  count: number
  more: boolean
}

export function totalOf(list: CredentialList): Total {
  return { count: list.total, more: list.total_capped }
}

export function formatTotal({ count, more }: Total): string {
  return count.toLocaleString('en') + (more ? '+' : '')
}

/** How many credentials answer `query`, which asks for one row. Old by a minute is good enough for a hint. */
export function attentionCountOptions(api: ApiClient, query: string) {
  return queryOptions({
    queryKey: [api.accountID, 'credentials', 'count', query],
    queryFn: ({ signal }) => api.get<CredentialList>(`/credentials?${query}`, signal),
    select: totalOf,
    staleTime: 60_000,
  })
}

export function credentialQueryOptions(api: ApiClient, clientID: string) {
  return queryOptions({
    queryKey: [api.accountID, 'credentials', 'one', clientID],
    queryFn: ({ signal }) => api.getVersioned<Credential>(credentialPath(clientID), signal),
  })
}

export function credentialPath(clientID: string): string {
  return `/credentials/${encodeURIComponent(clientID)}`
}

/** Makes every view of credentials read again, after a change. */
export function useRefreshCredentials(): () => Promise<void> {
  const { api } = useSession()
  const queries = useQueryClient()
  return useCallback(
    () => queries.invalidateQueries({ queryKey: [api.accountID, 'credentials'] }),
    [api.accountID, queries],
  )
}

/** Makes the lists read again after a deletion. The credential itself is not asked for: it is gone. */
export function useForgetCredential(): (clientID: string) => Promise<void> {
  const { api } = useSession()
  const queries = useQueryClient()
  return useCallback(
    async (clientID) => {
      const gone = [api.accountID, 'credentials', 'one', clientID].join()
      const others = (query: { queryKey: readonly unknown[] }) => query.queryKey.join() !== gone
      await queries.invalidateQueries({ queryKey: [api.accountID, 'credentials'], predicate: others })
    },
    [api.accountID, queries],
  )
}
