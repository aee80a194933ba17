import { expect, test } from 'vitest'
import type { Credential, Secret } from '../api/types'
import { closeChoices, closesWords, countdown, isQuiet, newestOf, quietHours, retiring, usedSince } from './quiet'

const now = Date.parse('2026-11-22T12:00:00Z')

const secret: Secret = {
  secret_id: 's1',
  label: null,
  hint: 'x9Kd',
  created_at: '2026-11-01T12:00:00Z',
  expires_at: null,
  last_used_at: null,
  last_used_address: null,
}

test('the newest that works is the one to use, and the others are to go', () => {
  const old = { ...secret, secret_id: 'old', expires_at: '2099-01-01T00:00:00Z' }
  const ended = { ...secret, secret_id: 'ended', expires_at: '2020-01-01T00:00:00Z' }
  const fresh = { ...secret, secret_id: 'fresh', created_at: '2026-11-22T11:00:00Z' }
  const credential = { secrets: [fresh, ended, old] } as unknown as Credential
  expect(newestOf(credential)?.secret_id).toBe('fresh')
  expect(retiring(credential).map(({ secret_id }) => secret_id)).toEqual(['old'])
  expect(retiring({ secrets: [fresh] } as unknown as Credential)).toEqual([])
})

test('quiet counts from the last use, and from the making of one never used', () => {
  const used = { ...secret, last_used_at: '2026-11-22T06:00:00Z' }
  expect(isQuiet(used, 6, now)).toBe(true)
  expect(isQuiet(used, 24, now)).toBe(false)
  expect(isQuiet(secret, 72, now)).toBe(true)
})

test('the words say what closing would do', () => {
  const used = { ...secret, last_used_at: '2026-11-22T11:00:00Z', last_used_address: '10.0.0.3' }
  expect(usedSince(used, 6, now)).toMatch(/^It was last used 1 hour ago from 10\.0\.0\.3\. .* would stop that program/)
  expect(usedSince(used, 1, now)).toMatch(/long enough to close it\.$/)
  expect(usedSince(secret, 6, now)).toMatch(/never used/)
})

test.each([
  ['2026-11-22T12:00:05Z', '00:00:05'],
  ['2026-11-23T11:59:59Z', '23:59:59'],
  ['2026-11-25T15:04:05Z', '3 d 03:04:05'],
  ['2026-11-22T11:00:00Z', '00:00:00'],
])('until %s there are %s', (end, words) => {
  expect(countdown(end, now)).toBe(words)
})

test('a URL that names no such choice means 6 hours', () => {
  expect(quietHours('24')).toBe('24')
  expect(quietHours('7')).toBe('6')
  expect(quietHours(null)).toBe('6')
})

test('it is said after how long without a use a secret is closed, and when it was used last', () => {
  const closing = { ...secret, close_when_quiet_hours: 24, last_used_at: '2026-11-22T09:00:00Z' }
  expect(closesWords(closing, now)).toBe('Closes when not used for 24 hours; last used 3 hours ago.')
  expect(closesWords({ ...secret, close_when_quiet_hours: 1 }, now)).toBe('Closes when not used for 1 hour; never used.')
  expect(closesWords(secret, now)).toBeUndefined()
})

test('hours that are no choice of ours are offered where they stand', () => {
  expect(closeChoices(48).at(-1)).toEqual({ value: '48', label: 'After 48 hours of quiet' })
  expect(closeChoices(24).filter(({ value }) => value === '24')).toHaveLength(1)
  expect(closeChoices(0)).toHaveLength(6)
})
