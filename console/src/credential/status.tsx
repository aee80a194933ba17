import type { Credential, Status } from '../api/types'
import { Badge, type BadgeColour } from '../ui/badge'
import { exactTime } from '../ui/time'

export const STATUS_WORDS: Record<Status, string> = {
  active: 'Active',
  disabled: 'Disabled',
  expired: 'Expired',
  suspended: 'Suspended',
}

const COLOURS: Record<Status, BadgeColour> = {
  active: 'ok',
  disabled: 'quiet',
  expired: 'bad',
  suspended: 'warn',
}

/** A credential's status. */
export function StatusBadge({ status }: { status: Status }) {
  return <Badge colour={COLOURS[status]}>{STATUS_WORDS[status]}</Badge>
}

const SUSPENSION_WORDS: Record<string, string> = {
  owner: 'Its owner is no longer active in this account, so its programs get no tokens. It works again when an admin makes the owner active under Users; otherwise create another and delete this one.',
  scopes: 'None of its scopes has an effect at present: they were retired, or its owner’s role does not allow them. Its programs get no tokens. Give it another scope, or the owner another role.',
  'own scopes': 'None of its scopes has an effect at present: they were retired, or your role does not allow them. Its programs get no tokens. Give it another scope, or have an admin change your role.',
  restored: 'It came back with a restored backup, and may have been ended since. The operator confirms it with claviger restore --confirm; until then its programs get no tokens.',
}

/** Why a credential does not work at present, and what would change that; undefined while it works. `mine`: told to its owner. */
export function statusExplanation(credential: Credential, mine: boolean): string | undefined {
  switch (credential.status) {
    case 'active':
      return undefined
    case 'disabled':
      return disabledExplanation(credential.status_reason ?? '', mine)
    case 'expired':
      return credential.expires_at
        ? `It expired on ${exactTime(credential.expires_at)}. Set a later date to make it work again.`
        : 'It has expired.'
    case 'suspended':
      return SUSPENSION_WORDS[mine && credential.status_reason === 'scopes' ? 'own scopes' : (credential.status_reason ?? '')] ?? 'It is suspended, so its programs get no tokens.'
  }
}

function disabledExplanation(reason: string, mine: boolean): string {
  const what = 'Its programs get no tokens, and tokens they had no longer work.'
  if (reason === 'disabled_by_admin') return `An admin disabled it. ${what} Only an admin can enable it again.`
  if (reason === 'unused') {
    return `Nobody used it for so long that this account’s rule for unused credentials disabled it. ${what} ${mine ? 'You' : 'Its owner'} or an admin can enable it again.`
  }
  if (reason === 'disabled_by_owner') return mine ? `You disabled it. ${what} You can enable it again.` : `Its owner disabled it. ${what} Only its owner can enable it again.`
  return `It is disabled. ${what}`
}
