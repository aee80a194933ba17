import type { Role, UserStatus } from '../api/types'

export const ROLES: readonly Role[] = ['admin', 'supervisor', 'agent']

export const ROLE_WORDS: Record<Role, string> = { admin: 'Admin', supervisor: 'Supervisor', agent: 'Agent' }

/** What a role may do here, in a line. */
export const ROLE_MEANINGS: Record<Role, string> = {
  admin: 'Sees every API credential, deletes any, manages users.',
  supervisor: 'Creates and manages their own API credentials.',
  agent: 'Has no API credentials.',
}

export const USER_STATUS_WORDS: Record<UserStatus, string> = {
  active: 'Active',
  deactivated: 'Deactivated',
  archived: 'Archived',
}
