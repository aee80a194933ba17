import type { Account, AccountChange } from '../api/types'
import { durationWords } from '../ui/duration'
import { warnAfter } from './rules'

const DAY = 86_400

/** What follows from a change, told before it is saved. */
export interface Consequence {
  text: string
  /** Programs that work now may be refused. */
  grave: boolean
}

const quiet = (text: string): Consequence => ({ text, grave: false })
const grave = (text: string): Consequence => ({ text, grave: true })

/** What saving an edit brings about, in the order of the form. */
export function consequences(account: Account, edit: AccountChange): Consequence[] {
  return [
    ...levelConsequence(edit),
    ...tokenConsequence(account, edit),
    ...secretConsequence(account, edit),
    ...warnConsequence(edit),
    ...disableConsequence(account, edit),
  ]
}

function levelConsequence(edit: AccountChange): Consequence[] {
  switch (edit.account_level_credentials) {
    case 'open':
      return [quiet('Admins can create account-level credentials. They stay when the people who made them leave.')]
    case 'closed':
      return [quiet('No account-level credential can be created any more. Those there are keep working, and admins can still edit, rotate and delete them.')]
    default:
      return []
  }
}

function tokenConsequence(account: Account, edit: AccountChange): Consequence[] {
  const after = edit.max_token_lifetime_seconds
  if (after === undefined) return []
  if (after === null) return [quiet('New access tokens live as long as the server lets them.')]
  const shorter = isShorter(after, account.max_token_lifetime_seconds)
  return [
    quiet(
      shorter
        ? `New access tokens live ${durationWords(after)} at most. Those already out keep their end.`
        : `New access tokens may live up to ${durationWords(after)}, where neither the server nor the credential sets less.`,
    ),
  ]
}

function secretConsequence(account: Account, edit: AccountChange): Consequence[] {
  const after = edit.max_secret_age_seconds
  if (after === undefined) return []
  if (after === null) return [quiet('Secrets no longer end by their age. Those that had grown too old work again.')]
  const words = durationWords(after)
  if (!isShorter(after, account.max_secret_age_seconds)) return [quiet(`Secrets work until they are ${words} old. Those that had grown too old, but not as old as that, work again.`)]
  return [grave(`Secrets older than ${words} end as soon as you save, and every other one at that age. Programs that use them are refused.`)]
}

function warnConsequence(edit: AccountChange): Consequence[] {
  const after = edit.unused_warn_after_seconds
  if (after === undefined) return []
  return [quiet(`Credentials that nothing used for ${durationWords(warnAfter(after))} are marked as unused.`)]
}

function disableConsequence(account: Account, edit: AccountChange): Consequence[] {
  const after = edit.unused_disable_after_seconds
  if (after === undefined) return []
  if (after === null) return [quiet('Unused credentials are no longer disabled. Those that were stay so until enabled.')]
  const rule = `Credentials that nothing used for ${durationWords(after)} are disabled`
  if (!isShorter(after, account.unused_disable_after_seconds)) return [quiet(`${rule}.`)]
  // A rule that is new or stricter gives notice: the time between warning and disabling, and a day at least.
  const warn = warnAfter({ ...account, ...edit }.unused_warn_after_seconds)
  const notice = Math.max(after - warn, DAY)
  return [grave(`${rule}. Those unused as long already get a notice of ${durationWords(notice)} first.`)]
}

/** Whether a limit binds more than it did; none is the longest. */
function isShorter(after: number, before: number | null | undefined): boolean {
  return before === null || before === undefined || after < before
}
