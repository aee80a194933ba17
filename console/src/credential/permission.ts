import type { Action, Credential, Me } from '../api/types'

/** Whether to offer an action. The server says so with each credential, and judges again when it is done. */
export function may(credential: Credential, action: Action): boolean {
  return credential.actions.includes(action)
}

export function owns(me: Me, credential: Credential): boolean {
  return credential.level === 'user' && credential.owner?.user_id === me.user_id
}

/** Whose a credential is, for somebody else. */
export function ownerWords(credential: Pick<Credential, 'level' | 'owner'>): string {
  if (credential.level === 'account') return 'The account'
  return credential.owner?.email ?? 'A former member'
}

/** Why a credential cannot be edited by this person, and what they can do with it; undefined where they can. */
export function whyReadOnly(credential: Credential): string | undefined {
  if (may(credential, 'edit')) return undefined
  const owner = credential.owner?.email ?? 'somebody who is no longer a member of this account'
  const left = [
    ...(may(credential, 'disable') ? ['disable'] : []),
    ...(may(credential, 'enable') ? ['enable'] : []),
    ...(may(credential, 'delete') ? ['delete'] : []),
  ]
  const rest = left.length > 0 ? ` You can ${left.join(' or ')} it.` : ''
  return `This credential belongs to ${owner}, and nobody else can change it.${rest}`
}
