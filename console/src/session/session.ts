import { createContext, useContext } from 'react'
import { ApiClient, type ConfirmIdentity } from '../api/client'
import { Problem } from '../api/problem'
import type { Me } from '../api/types'

/** Who is signed in, in which account, and the client that speaks for them there. */
export interface Session {
  me: Me
  api: ApiClient
  /** The URL names an account that is not one of the person's; `me` and `api` are of their usual one. */
  astray: boolean
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
 * usual account is read instead. The answer to the first request, which names no account, lists them all.
 */
export async function loadSession(
  wanted: string | undefined,
  confirm: ConfirmIdentity,
  signal?: AbortSignal,
): Promise<Session> {
  if (wanted !== undefined) {
    const api = new ApiClient(wanted, confirm)
    try {
      return { me: await api.get<Me>('/me', signal), api, astray: false }
    } catch (error) {
      if (!(error instanceof Problem) || ![400, 403, 404].includes(error.status)) throw error
    }
  }
  const me = await new ApiClient().get<Me>('/me', signal)
  return { me, api: new ApiClient(me.account_id, confirm), astray: wanted !== undefined }
}
