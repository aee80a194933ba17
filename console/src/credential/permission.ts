import type { Credential, Me } from '../api/types'

/**
 * Which actions to show. The server decides (rule R2 of the product); this only keeps the console from
 * offering what would be refused.
 */
export interface CredentialRights {
  edit: boolean
  disable: boolean
  enable: boolean
  delete: boolean
  /** Why editing is not offered, in words. */
  whyReadOnly?: string
}

export function owns(me: Me, credential: Credential): boolean {
  return credential.level === 'user' && credential.owner?.user_id === me.user_id
}

export function credentialRights(me: Me, credential: Credential): CredentialRights {
  if (me.role === 'agent') return { edit: false, disable: false, enable: false, delete: false }
  const own = owns(me, credential)
  const admin = me.role === 'admin'
  const edit = own || (admin && credential.level === 'account')
  const rights = { edit, disable: own || admin, delete: own || admin, enable: own || admin }
  if (edit) return rights
  const owner = credential.owner?.email ?? 'its owner'
  return {
    ...rights,
    whyReadOnly: admin
      ? `This credential belongs to ${owner}. Nobody else can change it; as an admin you can disable or delete it.`
      : `This credential belongs to ${owner}.`,
  }
}
