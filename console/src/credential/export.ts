import { useEffect, useRef, useState } from 'react'
import type { ApiClient } from '../api/client'
import type { CredentialList, ListedCredential } from '../api/types'
import { csv, type Cell } from '../ui/csv'
import { download } from '../ui/download'

/** The largest page the server gives; an export of 100,000 credentials is 500 of them. */
export const EXPORT_PAGE_SIZE = 200

const COLUMNS = [
  'name',
  'client_id',
  'level',
  'owner',
  'scopes',
  'effective_scopes',
  'status',
  'status_reason',
  'created_at',
  'expires_at',
  'last_used_at',
  'last_used_address',
  'calls_14_days',
  'secrets',
]

/** Credentials as the rows of a table, with its head. There is no secret in it, nor any part of one. */
export function exportRows(credentials: readonly ListedCredential[]): Cell[][] {
  return [
    COLUMNS,
    ...credentials.map((credential) => [
      credential.name,
      credential.client_id,
      credential.level,
      credential.owner?.email,
      credential.scopes.join(' '),
      credential.effective_scopes.join(' '),
      credential.status,
      credential.status_reason,
      credential.created_at,
      credential.expires_at,
      credential.last_used_at,
      credential.last_used_address,
      credential.daily_calls.reduce((sum, calls) => sum + calls, 0),
      credential.secrets.length,
    ]),
  ]
}

export interface Export {
  /** How many were read so far; undefined while nothing is exported. */
  read: number | undefined
  error: unknown
  start: () => void
  stop: () => void
}

/** Reads every page of what `query` lists, then hands it to the browser as a file. */
export function useExport(api: ApiClient, query: string): Export {
  const [read, setRead] = useState<number>()
  const [error, setError] = useState<unknown>()
  const running = useRef<AbortController>(undefined)
  const stop = () => {
    running.current?.abort()
    setRead(undefined)
  }
  useEffect(() => () => running.current?.abort(), [])
  const start = async () => {
    const { signal } = (running.current = new AbortController())
    setError(undefined)
    setRead(0)
    try {
      const credentials = await readAll(api, query, signal, setRead)
      const day = new Date().toISOString().slice(0, 10)
      download(`api-credentials-${day}.csv`, 'text/csv;charset=utf-8', csv(exportRows(credentials)))
    } catch (refusal) {
      if (signal.aborted) return
      setError(refusal)
    }
    setRead(undefined)
  }
  return { read, error, start: () => void start(), stop }
}

async function readAll(api: ApiClient, query: string, signal: AbortSignal, tell: (read: number) => void): Promise<ListedCredential[]> {
  const all: ListedCredential[] = []
  for (let token = ''; ; ) {
    const page = await api.get<CredentialList>(`/credentials?${query}${token && `&page_token=${encodeURIComponent(token)}`}`, signal)
    all.push(...page.credentials)
    tell(all.length)
    token = page.next_page_token ?? ''
    if (!token) return all
  }
}
