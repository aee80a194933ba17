import type { Account, Credential } from '../api/types'
import { dayOf, relativeTime, spanWords } from '../ui/time'
import type { Attention } from './filter'
import { may } from './permission'
import { newestOf } from './quiet'
import { statusExplanation } from './status'

/** The account's rules that the words speak of. */
export type Rules = Pick<Account, 'unused_warn_after_seconds' | 'unused_disable_after_seconds'>

/** The groups by name. */
export function attentionWords(attention: Attention, rules: Rules): string {
  switch (attention) {
    case 'expiring':
      return 'End within 14 days'
    case 'unused':
      return `Unused for ${unusedFor(rules)}`
    case 'unrotated':
      return 'Not rotated for 90 days'
    case 'suspended':
      return 'Suspended'
  }
}

/** What a group has in common, and what to do with it. */
export function attentionMeaning(attention: Attention, rules: Rules): string {
  switch (attention) {
    case 'expiring':
      return 'These credentials, or one of their secrets, end within 14 days. Extend or rotate those still in use.'
    case 'unused': {
      const end = rules.unused_disable_after_seconds
      const rule = end ? ` This account disables them after ${spanWords(end)}.` : ''
      return `No program has used them for ${unusedFor(rules)}.${rule} Disable what might still be needed, and delete the rest.`
    }
    case 'unrotated':
      return 'No secret was added to them for 90 days. Rotate, so that a copy that went astray is worth nothing.'
    case 'suspended':
      return 'Circumstances stopped them, and their programs get no tokens. Each row says what would start it again.'
  }
}

const UNUSED_SECONDS = 90 * 86_400

function unusedFor(rules: Rules): string {
  return spanWords(rules.unused_warn_after_seconds ?? UNUSED_SECONDS)
}

/** A way out that the row offers; `open` leads to the credential's page. */
export type Remedy = 'open' | 'rotate' | 'disable' | 'delete'

/** Why one credential is listed as needing attention, and what this person can do about it. */
export interface Advice {
  why: string
  remedies: Remedy[]
}

/** Says it for one credential; the server has judged that it belongs to the group. */
export function adviceOn(attention: Attention, credential: Credential, now: number = Date.now()): Advice {
  const edits = may(credential, 'edit')
  const ends: Remedy[] = [
    ...(may(credential, 'disable') && credential.status !== 'disabled' ? (['disable'] as const) : []),
    ...(may(credential, 'delete') ? (['delete'] as const) : []),
  ]
  switch (attention) {
    case 'expiring':
      return expiring(credential, edits, now)
    case 'unused':
      return { why: unusedSince(credential, now), remedies: ends }
    case 'unrotated':
      return {
        why: `${secretAge(credential, now)} ${edits ? '' : 'Only its owner can rotate it.'}`.trim(),
        remedies: edits ? ['rotate'] : ends,
      }
    case 'suspended':
      return {
        // A user-level one is edited by its owner alone.
        why: statusExplanation(credential, edits && credential.level === 'user') ?? 'It works again.',
        remedies: edits && credential.status_reason === 'scopes' ? ['open'] : ends,
      }
  }
}

function expiring(credential: Credential, edits: boolean, now: number): Advice {
  const only = edits ? '' : ' Only its owner can change that.'
  const secret = credential.secrets
    .filter(({ expires_at }) => expires_at !== null && Date.parse(expires_at) > now)
    .sort((one, other) => Date.parse(one.expires_at ?? '') - Date.parse(other.expires_at ?? ''))[0]
  if (credential.expires_at && !(secret?.expires_at && secret.expires_at < credential.expires_at)) {
    return { why: `It ends ${when(credential.expires_at, now)}.${only}`, remedies: edits ? ['open'] : [] }
  }
  if (!secret?.expires_at) return { why: `It ends soon.${only}`, remedies: edits ? ['open'] : [] }
  const others = credential.secrets.some(({ expires_at }) => !expires_at || expires_at > (secret.expires_at ?? ''))
  const after = others ? 'programs that use it must have moved to the newer one by then' : 'it is the last one'
  return {
    why: `Its secret …${secret.hint} ends ${when(secret.expires_at, now)}; ${after}.${only}`,
    remedies: edits ? [others ? 'open' : 'rotate'] : [],
  }
}

function unusedSince(credential: Credential, now: number): string {
  if (credential.last_used_at) return `Last used ${when(credential.last_used_at, now)}.`
  return `Never used since it was created ${when(credential.created_at, now)}.`
}

function secretAge(credential: Credential, now: number): string {
  const newest = newestOf(credential)
  return `Its newest secret was created ${when(newest?.created_at ?? credential.created_at, now)}.`
}

function when(time: string, now: number): string {
  return `${relativeTime(time, now)}, on ${dayOf(time)}`
}
