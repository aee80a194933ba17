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
  owner: 'Its owner is no longer active in this account, so its programs get no tokens.',
  scopes: 'Its owner’s present role allows none of its scopes, so its programs get no tokens.',
  restored: 'It came back with a restored backup and waits for an operator to confirm it.',
}

/** Why a credential does not work at present, and what would change that; undefined while it works. */
export function statusExplanation(credential: Credential): string | undefined {
  switch (credential.status) {
    case 'active':
      return undefined
    case 'disabled':
      return disabledExplanation(credential.status_reason ?? '')
    case 'expired':
      return credential.expires_at
        ? `It expired on ${exactTime(credential.expires_at)}. Set a later date to make it work again.`
        : 'It has expired.'
    case 'suspended':
      return SUSPENSION_WORDS[credential.status_reason ?? ''] ?? 'It is suspended, so its programs get no tokens.'
  }
}

function disabledExplanation(reason: string): string {
  const what = 'Its programs get no tokens, and tokens they had no longer work.'
  if (reason === 'disabled_by_admin') return `An admin disabled it. ${what} Only an admin can enable it again.`
  if (reason === 'disabled_by_owner') return `Its owner disabled it. ${what}`
  return `It is disabled. ${what}`
}
