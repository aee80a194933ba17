import { useSearch } from 'wouter'
import { formatFilter as formatAuditFilter, type AuditFilter } from '../audit-event/filter'
import { formatFilter, type CredentialFilter } from '../credential/filter'
import { formatFilter as formatCatalogueFilter, type CatalogueFilter } from '../scope/filter'

export const CREDENTIALS_PATH = '/settings/api-credentials'
export const SCOPES_PATH = '/settings/scopes'
export const AUDIT_LOG_PATH = '/settings/audit-log'
export const USERS_PATH = '/settings/users'

/** Where the console's pages are, keeping the account that the present URL names. */
export interface Paths {
  credentials: (filter?: CredentialFilter) => string
  credential: (clientID: string) => string
  scopes: (filter?: CatalogueFilter) => string
  auditLog: (filter?: Partial<AuditFilter>) => string
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
    scopes: (filter) => withAccount(SCOPES_PATH, filter && formatCatalogueFilter(filter)),
    auditLog: (filter) => withAccount(AUDIT_LOG_PATH, filter && formatAuditFilter(filter)),
    users: () => withAccount(USERS_PATH),
  }
}
