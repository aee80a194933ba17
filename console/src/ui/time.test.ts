import { expect, test } from 'vitest'
import { relativeTime, spanWords } from './time'

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

test.each([
  [7_776_000, '90 days'],
  [86_400, '1 day'],
  [129_600, '36 hours'],
  [90, '90 seconds'],
  [60, '1 minute'],
])('%d s are %s', (seconds, words) => {
  expect(spanWords(seconds)).toBe(words)
})
