import type { Explanation, Me } from '../api/types'
import type { BadgeColour } from '../ui/badge'

/** What was answered, by the code of the refusal. */
const CODES: Record<string, string> = {
  unauthenticated: 'Nothing was presented',
  invalid_token: 'Token not accepted',
  invalid_client: 'Not authenticated',
  invalid_dpop_proof: 'Proof not accepted',
  invalid_scope: 'Scope not granted',
  insufficient_scope: 'Scope missing',
  no_route: 'No such route',
  bad_path: 'Path not accepted',
  untrusted_peer: 'Proxy not trusted',
  address_not_allowed: 'Address not allowed',
  rate_limited: 'Too fast',
  unavailable: 'Could not be checked',
  temporarily_unavailable: 'Could not be checked',
}

/** The outcome in a word or two, and its colour. */
export function verdict(explanation: Explanation): { words: string; colour: BadgeColour } {
  if (explanation.code !== null) return { words: CODES[explanation.code] ?? 'Refused', colour: 'bad' }
  if (explanation.rule === 'allowed') return { words: 'Passes', colour: 'ok' }
  return { words: 'Not refused', colour: 'quiet' }
}

/** Who may do what would help, as told to somebody who may be that very person. */
export function whoWords(explanation: Explanation, me: Me): string {
  const { who, owner } = explanation
  const told = owner === me.email ? who.replace(`its owner, ${owner}`, 'you, as its owner') : who
  const admin = told.replace(/^an admin of the account$/, 'an admin of the account, as you are')
  return admin.charAt(0).toUpperCase() + admin.slice(1)
}
