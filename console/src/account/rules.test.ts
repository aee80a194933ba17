import { expect, test } from 'vitest'
import type { Account } from '../api/types'
import { consequences } from './consequences'
import { differences, draftFaults, draftOf, editOf, type RulesDraft } from './rules'

const DAY = 86_400

const account: Account = {
  account_id: 'a1',
  name: 'default',
  api_credentials_enabled: true,
  account_level_credentials: 'closed',
  max_token_lifetime_seconds: 3_600,
  max_secret_age_seconds: null,
  unused_warn_after_seconds: 90 * DAY,
  unused_disable_after_seconds: 200 * DAY,
  version: 3,
}

const edited = (durations: Partial<RulesDraft['durations']>): RulesDraft => {
  const draft = draftOf(account)
  return { ...draft, durations: { ...draft.durations, ...durations } }
}

test('an untouched form sends nothing', () => {
  expect(editOf(account, draftOf(account))).toEqual({})
  expect(draftFaults(draftOf(account))).toEqual({})
})

test('only what differs is sent, and null takes a limit away', () => {
  const draft = edited({
    max_token_lifetime_seconds: { choice: 'none', count: '', unit: 'hours' },
    max_secret_age_seconds: { choice: 'other', count: '45', unit: 'days' },
  })
  expect(editOf(account, { ...draft, level: 'open' })).toEqual({
    account_level_credentials: 'open',
    max_token_lifetime_seconds: null,
    max_secret_age_seconds: 45 * DAY,
  })
})

test('what is no length is a fault and is not sent; an empty field is told nothing yet', () => {
  const wrong = edited({ max_secret_age_seconds: { choice: 'other', count: 'soon', unit: 'days' } })
  expect(draftFaults(wrong).max_secret_age_seconds).toContain('whole number')
  expect(editOf(account, wrong)).toEqual({})
  expect(draftFaults(edited({ max_secret_age_seconds: { choice: 'other', count: '', unit: 'days' } }))).toEqual({
    max_secret_age_seconds: '',
  })
})

test('a first or shorter secret age is grave, a longer one or none is not', () => {
  const grave = (from: number | null, to: number | null) =>
    consequences({ ...account, max_secret_age_seconds: from }, { max_secret_age_seconds: to }).some((each) => each.grave)
  expect([grave(null, 90 * DAY), grave(90 * DAY, 30 * DAY), grave(30 * DAY, 90 * DAY), grave(30 * DAY, null)]).toEqual([
    true,
    true,
    false,
    false,
  ])
})

test('every changed rule has its consequence, and an unchanged one none', () => {
  const edit = {
    account_level_credentials: 'open',
    max_token_lifetime_seconds: 900,
    max_secret_age_seconds: DAY,
    unused_warn_after_seconds: null,
    unused_disable_after_seconds: null,
  } as const
  expect(consequences(account, edit)).toHaveLength(5)
  expect(consequences(account, {})).toEqual([])
})

test('disabling comes later than warning, and a rule that is new or stricter gives notice', () => {
  const days = (count: string) => ({ choice: 'other', count, unit: 'days' }) as const
  expect(draftFaults(edited({ unused_disable_after_seconds: days('90') })).unused_disable_after_seconds).toContain('90 days')
  expect(draftFaults(edited({ unused_disable_after_seconds: days('91') }))).toEqual({})
  const told = (edit: Parameters<typeof consequences>[1]) => consequences(account, edit)[0]
  expect(told({ unused_disable_after_seconds: 120 * DAY })?.text).toContain('notice of 30 days')
  expect(told({ unused_disable_after_seconds: 90 * DAY + 3_600 })?.text).toContain('notice of 1 day ')
  expect(told({ unused_disable_after_seconds: 365 * DAY })).toMatchObject({ grave: false })
})

test('a length above what the server takes is a fault', () => {
  const draft = edited({ max_token_lifetime_seconds: { choice: 'other', count: '25', unit: 'hours' } })
  expect(draftFaults(draft).max_token_lifetime_seconds).toBe('Enter 1 day at most.')
})

test('two versions are told apart by rule, in words', () => {
  const saved: Account = { ...account, account_level_credentials: 'open', max_token_lifetime_seconds: null }
  expect(differences(account, saved)).toEqual([
    { field: 'Account-level credentials', mine: 'Closed', saved: 'Open' },
    { field: 'Longest life of an access token', mine: '1 hour', saved: 'The server’s' },
  ])
})
