import { useSearch } from 'wouter'
import { formatFilter as formatAuditFilter, type AuditFilter } from '../audit-event/filter'
import { formatFilter, type CredentialFilter } from '../credential/filter'
import { formatQuestion, type Question } from '../explanation/question'
import { formatFilter as formatCatalogueFilter, type CatalogueFilter } from '../scope/filter'
import { formatView, type UsageView } from '../usage/view'
import { useSession } from './session'

export const CREDENTIALS_PATH = '/settings/api-credentials'
export const SCOPES_PATH = '/settings/scopes'
export const CATALOGUE_PATH = '/settings/scopes/catalogue'
export const AUDIT_LOG_PATH = '/settings/audit-log'
export const USERS_PATH = '/settings/users'
export const ACCOUNT_PATH = '/settings/account'
export const SECURITY_PATH = '/settings/security'
export const EXPLANATION_PATH = '/settings/why-refused'

/** Where the console's pages are, keeping the account that the present URL names if it is the one worked in. */
export interface Paths {
  credentials: (filter?: CredentialFilter) => string
  credential: (clientID: string) => string
  /** How a credential was used. */
  usage: (clientID: string, view?: UsageView) => string
  /** The page of a rotation: who still uses the old secret. */
  rotate: (clientID: string, quiet?: string) => string
  scopes: (filter?: CatalogueFilter) => string
  catalogue: (mode?: 'form' | 'text') => string
  auditLog: (filter?: Partial<AuditFilter>) => string
  users: () => string
  account: () => string
  security: () => string
  /** Why a program was refused, or would be. */
  explain: (question?: Question) => string
}

export function usePaths(): Paths {
  const { me } = useSession()
  const account = new URLSearchParams(useSearch()).get('account') === me.account_id ? me.account_id : undefined
  const withAccount = (path: string, params = new URLSearchParams()) => {
    if (account) params.set('account', account)
    const query = params.toString()
    return query ? `${path}?${query}` : path
  }
  return {
    credentials: (filter) => withAccount(CREDENTIALS_PATH, filter && formatFilter(filter)),
    credential: (clientID) => withAccount(`${CREDENTIALS_PATH}/${encodeURIComponent(clientID)}`),
    usage: (clientID, view) => withAccount(`${CREDENTIALS_PATH}/${encodeURIComponent(clientID)}/usage`, view && formatView(view)),
    rotate: (clientID, quiet) =>
      withAccount(`${CREDENTIALS_PATH}/${encodeURIComponent(clientID)}/rotate`, new URLSearchParams(quiet ? { quiet } : {})),
    scopes: (filter) => withAccount(SCOPES_PATH, filter && formatCatalogueFilter(filter)),
    catalogue: (mode) => withAccount(CATALOGUE_PATH, new URLSearchParams(mode === 'text' ? { mode } : {})),
    auditLog: (filter) => withAccount(AUDIT_LOG_PATH, filter && formatAuditFilter(filter)),
    users: () => withAccount(USERS_PATH),
    account: () => withAccount(ACCOUNT_PATH),
    security: () => withAccount(SECURITY_PATH),
    explain: (question) => withAccount(EXPLANATION_PATH, question && formatQuestion(question)),
  }
}
