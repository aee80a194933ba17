import { kindOf, type Kind, type Range, type Unit } from './view'

export const RANGE_WORDS: Record<Range, string> = { '24h': '24 hours', '14d': '14 days', '90d': '90 days', '400d': '400 days' }

export const KIND_WORDS: Record<Kind, string> = {
  allowed: 'Calls let through',
  issued: 'Tokens issued',
  refused: 'Refused',
}

interface Wording {
  name: string
  /** What it counts, and for a refusal what ends it. */
  meaning: string
}

const OUTCOMES: Record<string, Wording> = {
  allowed: { name: KIND_WORDS.allowed, meaning: 'Calls of an API that enforcement let through.' },
  issued: { name: KIND_WORDS.issued, meaning: 'Answers of the token endpoint with a token.' },
  insufficient_scope: { name: 'Lacked the scope', meaning: 'Calls whose token had none of the route’s scopes. Scopes & APIs says which it takes.' },
  invalid_scope: { name: 'Asked for a scope it has not', meaning: 'Token requests for a scope or an API that it does not hold, or that was retired.' },
  address_not_allowed: { name: 'From another address', meaning: 'From outside the addresses that it allows.' },
  rate_limited: { name: 'Too fast', meaning: 'Above its own limit of requests per second.' },
  invalid_token: { name: 'With a dead token', meaning: 'Tokens that had expired or were revoked. The program asks for a new one.' },
  invalid_dpop_proof: { name: 'With a bad proof', meaning: 'Token requests whose proof of a key (DPoP) was not one.' },
  no_route: { name: 'No such route', meaning: 'Calls that no route of the catalogue takes.' },
  disabled: { name: 'While it was disabled', meaning: 'A program still uses it. It gets no token until the credential is enabled.' },
  expired: { name: 'After it expired', meaning: 'A program still uses it. It gets no token until the credential is extended.' },
  suspended: { name: 'While it was suspended', meaning: 'A program still uses it. The credential’s page says what would start it again.' },
  secret_expired: { name: 'With an old secret', meaning: 'A program still uses a secret that has ended. Give it the newer one.' },
  denied: { name: 'Refused', meaning: 'Counted before refusals were told apart.' },
}

/** An outcome in words; one this console does not know yet stands as the server names it. */
export function outcomeWords(outcome: string): Wording {
  return OUTCOMES[outcome] ?? { name: outcome, meaning: kindOf(outcome) === 'refused' ? 'A refusal.' : '' }
}

const LOCAL_HOUR = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const UTC_DAY = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', timeZone: 'UTC' })
const UTC_DAY_YEAR = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' })

/** An hour in the reader's time zone, a day as UTC has it: short, for an axis. */
export function slotLabel(at: number, unit: Unit): string {
  return unit === 'hour' ? LOCAL_HOUR.format(at) : UTC_DAY.format(at)
}

/** The same in full. */
export function slotName(at: number, unit: Unit): string {
  return unit === 'hour' ? LOCAL_HOUR.format(at) : UTC_DAY_YEAR.format(at)
}

export function number(calls: number): string {
  return calls.toLocaleString('en')
}

/** "12 calls let through, 3 refused"; "none" without any. */
export function countWords(calls: Record<Kind, number>): string {
  const words = [
    calls.allowed > 0 && `${number(calls.allowed)} let through`,
    calls.issued > 0 && `${number(calls.issued)} ${calls.issued === 1 ? 'token' : 'tokens'} issued`,
    calls.refused > 0 && `${number(calls.refused)} refused`,
  ].filter(Boolean)
  return words.length > 0 ? words.join(', ') : 'none'
}
