import type { Account, AccountChange } from '../api/types'
import { draftOf as durationDraftOf, durationWords, lengthFault, secondsOf, type DurationDraft, type Lengths } from '../ui/duration'

export type RuleField =
  | 'max_token_lifetime_seconds'
  | 'max_secret_age_seconds'
  | 'unused_warn_after_seconds'
  | 'unused_disable_after_seconds'

/** A rule that is a length of time or none. */
export interface Rule extends Lengths {
  field: RuleField
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** When unused credentials are warned of where the account does not say. */
const USUAL_WARNING = 90 * DAY

/** How long the account's rule warns of unused credentials before, in seconds. */
export function warnAfter(seconds: number | null): number {
  return seconds ?? USUAL_WARNING
}

export const RULES: readonly Rule[] = [
  {
    field: 'max_token_lifetime_seconds',
    label: 'Longest life of an access token',
    hint: 'A credential may set a shorter one for itself.',
    none: 'The server’s',
    presets: [15 * MINUTE, HOUR, 8 * HOUR],
    units: ['minutes', 'hours'],
    most: DAY,
  },
  {
    field: 'max_secret_age_seconds',
    label: 'Longest life of a client secret',
    hint: 'Counted from when it was created. Rotate before: programs are refused afterwards.',
    none: 'No limit',
    presets: [30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY],
    units: ['hours', 'days'],
    most: 3650 * DAY,
  },
  {
    field: 'unused_warn_after_seconds',
    label: 'Warn about unused credentials',
    hint: 'They are marked in the list, for their owners and for admins.',
    none: 'Usual (90 days)',
    presets: [30 * DAY, 60 * DAY, 180 * DAY],
    units: ['hours', 'days'],
    most: 3650 * DAY,
  },
  {
    field: 'unused_disable_after_seconds',
    label: 'Disable unused credentials',
    hint: 'Their programs are refused until their owner or an admin enables them again.',
    none: 'Never',
    presets: [90 * DAY, 180 * DAY, 365 * DAY],
    units: ['hours', 'days'],
    most: 3650 * DAY,
  },
]

export type LevelPolicy = Account['account_level_credentials']

export const LEVEL_WORDS: Record<LevelPolicy, string> = { closed: 'Closed', open: 'Open' }

/** What the form holds. */
export interface RulesDraft {
  level: LevelPolicy
  durations: Record<RuleField, DurationDraft>
}

export function draftOf(account: Account): RulesDraft {
  const durations = Object.fromEntries(
    RULES.map((rule) => [rule.field, durationDraftOf(account[rule.field] ?? null, rule.presets)]),
  ) as Record<RuleField, DurationDraft>
  return { level: account.account_level_credentials, durations }
}

/** What is wrong with the lengths entered, by field; the message is empty while nothing was entered yet. */
export function draftFaults(draft: RulesDraft): Partial<Record<RuleField, string>> {
  const faults: Partial<Record<RuleField, string>> = {}
  for (const rule of RULES) {
    const fault = lengthFault(draft.durations[rule.field], rule.most)
    if (fault !== undefined) faults[rule.field] = fault
  }
  const warn = secondsOf(draft.durations.unused_warn_after_seconds)
  const disable = secondsOf(draft.durations.unused_disable_after_seconds)
  if (warn && disable && disable <= warn) {
    faults.unused_disable_after_seconds ??= `Disable later than you warn, which is after ${durationWords(warn)}.`
  }
  return faults
}

/** The members a save would send: only what differs from the account as it was read. */
export function editOf(account: Account, draft: RulesDraft): AccountChange {
  const edit: AccountChange = {}
  if (draft.level !== account.account_level_credentials) edit.account_level_credentials = draft.level
  for (const { field } of RULES) {
    const seconds = secondsOf(draft.durations[field])
    if (seconds !== undefined && seconds !== (account[field] ?? null)) edit[field] = seconds
  }
  return edit
}

export function ruleWords(rule: Rule, seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined ? rule.none : durationWords(seconds)
}

/** Each rule by name, as one version has it and as another does, where they differ. */
export function differences(mine: Account, saved: Account): { field: string; mine: string; saved: string }[] {
  const level = (account: Account) => LEVEL_WORDS[account.account_level_credentials]
  const rows = RULES.map((rule) => ({
    field: rule.label,
    mine: ruleWords(rule, mine[rule.field]),
    saved: ruleWords(rule, saved[rule.field]),
  }))
  return [{ field: 'Account-level credentials', mine: level(mine), saved: level(saved) }, ...rows].filter(
    (row) => row.mine !== row.saved,
  )
}
