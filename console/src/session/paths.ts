import { useSearch } from 'wouter'
import { formatFilter, type CredentialFilter } from '../credential/filter'

export const CREDENTIALS_PATH = '/settings/api-credentials'
export const USERS_PATH = '/settings/users'

/** Where the console's pages are, keeping the account that the present URL names. */
export interface Paths {
  credentials: (filter?: CredentialFilter) => string
  credential: (clientID: string) => string
  users: () => string
}

export function usePaths(): Paths {
  const account = new URLSearchParams(useSearch()).get('account')
  const withAccount = (path: string, params = new URLSearchParams()) => {
    if (account) params.set('account', account)
    const query = params.toString()
    return query ? `${path}?${query}` : path
  }
  return {
    credentials: (filter) => withAccount(CREDENTIALS_PATH, filter && formatFilter(filter)),
    credential: (clientID) => withAccount(`${CREDENTIALS_PATH}/${encodeURIComponent(clientID)}`),
    users: () => withAccount(USERS_PATH),
  }
}
