import { expect, test } from 'vitest'
import type { Account } from '../api/types'
import { givenLimits, lifetimeLengths, limitFaults, limitsDraftOf, limitsEditOf, limitsSummary, limitWords, NO_LIMITS } from './limits'

const limits = { allowed_cidrs: ['192.0.2.7/32', '2001:db8::/32'], requests_per_second: 5, token_lifetime_seconds: 900 }
const account = (max: number | null) => ({ max_token_lifetime_seconds: max }) as Account

test('an untouched form sends nothing', () => {
  for (const each of [limits, NO_LIMITS]) {
    expect(limitsEditOf(each, limitsDraftOf(each))).toEqual({})
    expect(limitFaults(limitsDraftOf(each), undefined)).toEqual({})
  }
  expect(givenLimits(limitsDraftOf(NO_LIMITS))).toEqual({})
})

test('only what differs is sent; emptied, a limit goes', () => {
  const draft = limitsDraftOf(limits)
  expect(limitsEditOf(limits, { ...draft, rate: ' 7 ' })).toEqual({ requests_per_second: 7 })
  expect(limitsEditOf(limits, { ...draft, addresses: '2001:db8::/32 192.0.2.7' })).toEqual({})
  expect(limitsEditOf(limits, limitsDraftOf(NO_LIMITS))).toEqual({
    allowed_cidrs: [],
    requests_per_second: null,
    token_lifetime_seconds: null,
  })
})

test('a new credential is given the limits that there are', () => {
  expect(givenLimits({ ...limitsDraftOf(NO_LIMITS), addresses: '192.0.2.0/24' })).toEqual({ allowed_cidrs: ['192.0.2.0/24'] })
  expect(givenLimits(limitsDraftOf(limits))).toEqual(limits)
})

test('what is wrong is told by field', () => {
  const draft = { addresses: 'home', rate: '0', lifetime: { choice: 'other', count: '2', unit: 'hours' } } as const
  expect(Object.keys(limitFaults(draft, account(3_600)))).toEqual(['allowed_cidrs', 'requests_per_second', 'token_lifetime_seconds'])
  expect(limitFaults(draft, account(7_200)).token_lifetime_seconds).toBeUndefined()
  for (const rate of ['-1', '1.5', '100001', 'x']) expect(limitFaults({ ...draft, rate }, undefined).requests_per_second).toContain('100,000')
})

test('lifetimes on offer are those that the account allows', () => {
  expect(lifetimeLengths(account(600))).toMatchObject({ presets: [300], most: 600, none: 'The account’s' })
  expect(lifetimeLengths(account(null))).toMatchObject({ most: 86_400, none: 'The server’s' })
})

test('limits in words', () => {
  expect(limitsSummary(NO_LIMITS)).toBe('None')
  expect(limitsSummary(limits)).toBe('From 2 address ranges · 5 requests a second · tokens live 15 minutes')
  expect(limitsSummary({ ...NO_LIMITS, token_lifetime_seconds: 3_600 })).toBe('Tokens live 1 hour')
  expect(limitWords(limits).map(({ words }) => words)).toEqual(['192.0.2.7, 2001:db8::/32', '5', '15 minutes at most'])
})
