import type { Account, Credential, CredentialChange } from '../api/types'
import { draftOf as lengthDraftOf, durationWords, lengthFault, secondsOf, type DurationDraft, type Lengths } from '../ui/duration'
import { parseRanges, rangeWords, sameRanges } from './range'

/** What bounds the use of a credential, as a form holds it. */
export interface LimitsDraft {
  /** Address ranges, one a line; empty for any address. */
  addresses: string
  /** Requests a second; empty for no limit. */
  rate: string
  lifetime: DurationDraft
}

/** The same on the wire. */
export type Limits = Pick<Credential, 'allowed_cidrs' | 'requests_per_second' | 'token_lifetime_seconds'>

export const LIMIT_FIELDS = ['allowed_cidrs', 'requests_per_second', 'token_lifetime_seconds'] as const
export type LimitField = (typeof LIMIT_FIELDS)[number]

const MINUTE = 60
const HOUR = 60 * MINUTE
const PRESETS = [5 * MINUTE, 15 * MINUTE, HOUR]
const MOST_LIFETIME = 24 * HOUR
const MOST_RATE = 100_000

/** No limit of its own. */
export const NO_LIMITS: Limits = { allowed_cidrs: [], requests_per_second: null, token_lifetime_seconds: null }

/** What a token's life can be bound to, within what the account allows. */
export function lifetimeLengths(account: Account | undefined): Lengths {
  const bound = account?.max_token_lifetime_seconds ?? undefined
  const most = Math.min(bound ?? MOST_LIFETIME, MOST_LIFETIME)
  return {
    label: 'Token lifetime',
    hint: `How long its access tokens live at most${bound === undefined ? '' : `; this account allows ${durationWords(most)}`}. Those already issued keep their end.`,
    none: bound === undefined ? 'The server’s' : 'The account’s',
    presets: PRESETS.filter((seconds) => seconds <= most),
    units: ['minutes', 'hours'],
    most,
  }
}

export function limitsDraftOf(limits: Limits): LimitsDraft {
  return {
    addresses: limits.allowed_cidrs.map(rangeWords).join('\n'),
    rate: limits.requests_per_second === null ? '' : String(limits.requests_per_second),
    lifetime: lengthDraftOf(limits.token_lifetime_seconds, PRESETS),
  }
}

/** What a draft stands for, as far as it is right. */
export function limitsOf(draft: LimitsDraft): Limits {
  return {
    allowed_cidrs: parseRanges(draft.addresses).ranges,
    requests_per_second: rateOf(draft.rate) ?? null,
    token_lifetime_seconds: secondsOf(draft.lifetime) ?? null,
  }
}

/** The number entered; null for none, undefined for what is no rate. */
function rateOf(text: string): number | null | undefined {
  if (text.trim() === '') return null
  const rate = /^\s*\d{1,6}\s*$/.test(text) ? Number(text) : 0
  return rate >= 1 && rate <= MOST_RATE ? rate : undefined
}

/** What is wrong with a draft, by field; the message is empty while nothing was entered yet. */
export function limitFaults(draft: LimitsDraft, account: Account | undefined): Partial<Record<LimitField, string>> {
  const addresses = parseRanges(draft.addresses).fault
  const lifetime = lengthFault(draft.lifetime, lifetimeLengths(account).most)
  return {
    ...(addresses && { allowed_cidrs: addresses }),
    ...(rateOf(draft.rate) === undefined && { requests_per_second: `Enter a whole number from 1 to ${MOST_RATE.toLocaleString('en')}, or nothing.` }),
    ...(lifetime !== undefined && { token_lifetime_seconds: lifetime }),
  }
}

/** The members a save would send: only what differs from the credential as it was read. */
export function limitsEditOf(credential: Limits, draft: LimitsDraft): CredentialChange {
  const after = limitsOf(draft)
  const edit: CredentialChange = {}
  if (!sameRanges(after.allowed_cidrs, credential.allowed_cidrs)) edit.allowed_cidrs = after.allowed_cidrs
  if (after.requests_per_second !== credential.requests_per_second) edit.requests_per_second = after.requests_per_second
  if (after.token_lifetime_seconds !== credential.token_lifetime_seconds) edit.token_lifetime_seconds = after.token_lifetime_seconds
  return edit
}

/** What a new credential is given: the limits that there are. */
export function givenLimits(draft: LimitsDraft): Partial<Limits> {
  const { allowed_cidrs, requests_per_second, token_lifetime_seconds } = limitsOf(draft)
  return {
    ...(allowed_cidrs.length > 0 && { allowed_cidrs }),
    ...(requests_per_second !== null && { requests_per_second }),
    ...(token_lifetime_seconds !== null && { token_lifetime_seconds }),
  }
}

/** Each limit by name, in words. */
export function limitWords(limits: Limits): { field: LimitField; name: string; words: string }[] {
  const { allowed_cidrs, requests_per_second: rate, token_lifetime_seconds: lifetime } = limits
  return [
    { field: 'allowed_cidrs', name: 'Allowed addresses', words: allowed_cidrs.length > 0 ? allowed_cidrs.map(rangeWords).sort().join(', ') : 'Any' },
    { field: 'requests_per_second', name: 'Requests per second', words: rate === null ? 'No limit' : rate.toLocaleString('en') },
    { field: 'token_lifetime_seconds', name: 'Token lifetime', words: lifetime === null ? 'The usual' : `${durationWords(lifetime)} at most` },
  ]
}

/** The limits there are, on one line. */
export function limitsSummary({ allowed_cidrs, requests_per_second: rate, token_lifetime_seconds: lifetime }: Limits): string {
  const addresses = allowed_cidrs.length
  const words = [
    addresses === 1 && `From ${rangeWords(allowed_cidrs[0] ?? '')}`,
    addresses > 1 && `From ${addresses} address ranges`,
    rate !== null && `${rate.toLocaleString('en')} ${rate === 1 ? 'request' : 'requests'} a second`,
    lifetime !== null && `${addresses > 0 || rate !== null ? 'tokens' : 'Tokens'} live ${durationWords(lifetime)}`,
  ].filter(Boolean)
  return words.length > 0 ? words.join(' · ') : 'None'
}
