import { createContext, useContext } from 'react'
import { ApiClient } from '../api/client'
import { Problem } from '../api/problem'
import type { Me } from '../api/types'

/** Who is signed in, in which account, and the client that speaks for them there. */
export interface Session {
  me: Me
  api: ApiClient
}

const SessionContext = createContext<Session | undefined>(undefined)

export const SessionProvider = SessionContext.Provider

export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('useSession outside SessionProvider')
  return session
}

/**
 * Reads who is signed in. `wanted` is the account named in the URL; when it is not one of the person's, the
 * usual account is opened instead. The answer to the first request, which names no account, lists them all.
 */
export async function loadSession(wanted: string | undefined, signal?: AbortSignal): Promise<Session> {
  if (wanted) {
    const api = new ApiClient(wanted)
    try {
      return { me: await api.get<Me>('/me', signal), api }
    } catch (error) {
      if (!(error instanceof Problem) || ![400, 403, 404].includes(error.status)) throw error
    }
  }
  const me = await new ApiClient().get<Me>('/me', signal)
  return { me, api: new ApiClient(me.account_id) }
}
