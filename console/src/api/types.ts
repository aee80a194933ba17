/** The shapes of the management REST API that the console reads and writes. Times are RFC 3339 in UTC. */

export type Role = 'admin' | 'supervisor' | 'agent'
export type Level = 'user' | 'account'
export type Status = 'active' | 'disabled' | 'expired' | 'suspended'

export interface AccountMembership {
  account_id: string
  name: string
  role: Role
}

export interface Me {
  user_id: string
  email: string
  name: string
  account_id: string
  role: Role
  accounts: AccountMembership[]
  scopes: string[]
}

export interface Account {
  account_id: string
  name: string
  api_credentials_enabled: boolean
  account_level_credentials: 'closed' | 'open'
  version: number
}

export interface Secret {
  secret_id: string
  label: string
  /** The last characters of the secret, to tell one from another. */
  hint: string
  created_at: string
  expires_at?: string | null
  last_used_at?: string | null
  last_used_address?: string | null
}

export interface Credential {
  client_id: string
  name: string
  level: Level
  /** Absent for an account-level credential. */
  owner?: { user_id: string; email: string } | null
  scopes: string[]
  /** What the owner's present role still lets the credential use; never more than `scopes`. */
  effective_scopes: string[]
  status: Status
  status_reason?: string | null
  created_at: string
  updated_at: string
  created_by?: string | null
  expires_at?: string | null
  last_used_at?: string | null
  last_used_address?: string | null
  secrets: Secret[]
  /** Calls on each of the last 14 days, oldest first; in lists only. */
  daily_calls?: number[] | null
  version: number
}

export interface NewCredential {
  name: string
  scopes: string[]
  level: Level
  expires_at?: string
}

/** The answer to a creation, and the only one that ever holds the first secret. */
export type CreatedCredential = Credential & { client_secret: string }

export interface CredentialEdit {
  name?: string
  scopes?: string[]
  /** null removes the expiry. */
  expires_at?: string | null
}

export interface CredentialPage {
  credentials: Credential[]
  next_page_token?: string | null
  /** Counting stops at "1,000+". */
  total: number | string
}

export interface NewSecret {
  label?: string
  expires_at?: string
  /** Seconds until every other secret ends; absent leaves the others as they are. */
  retire_others_after_seconds?: number
}

/** The answer to adding a secret, and the only one that ever holds it. */
export interface CreatedSecret extends Secret {
  client_secret: string
}

export interface Scope {
  value: string
  description: string
  /** ID of the API the scope belongs to. */
  api: string
  roles: Role[]
  retired?: boolean
  /** Whether the caller may give the scope to a credential. */
  on_offer?: boolean
}

export interface Api {
  id: string
  name: string
}
