import { expect, test } from 'vitest'
import { relativeTime } from './time'

const now = Date.parse('2026-11-22T12:00:00Z')

test.each([
  ['2026-11-22T11:59:30Z', 'just now'],
  ['2026-11-22T09:01:00Z', '2 hours ago'],
  ['2026-11-21T11:00:00Z', 'yesterday'],
  ['2026-08-01T12:00:00Z', '3 months ago'],
  ['2026-11-23T11:59:58Z', 'in 24 hours'],
  ['2026-11-22T12:00:20Z', 'in less than a minute'],
])('%s is %s', (time, words) => {
  expect(relativeTime(time, now)).toBe(words)
})
