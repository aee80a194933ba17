import { expect, test } from 'vitest'
import { draftOf, durationWords, secondsOf } from './duration'

const DAY = 86_400
const PRESETS = [30 * DAY, 90 * DAY]

test.each([
  [90 * DAY, '90 days'],
  [DAY, '1 day'],
  [3_600, '1 hour'],
  [5_400, '1 hour 30 minutes'],
  [90_061, '1 day 1 hour 1 minute 1 second'],
  [400_000 * DAY, '400,000 days'],
])('%d seconds are %s', (seconds, words) => {
  expect(durationWords(seconds)).toBe(words)
})

test.each([null, 30 * DAY, 45 * DAY, 36 * 3_600, 90, 61])('a length of %s comes out of its draft as it went in', (seconds) => {
  expect(secondsOf(draftOf(seconds, PRESETS))).toBe(seconds)
})

test('a preset is shown as one, another length in its largest unit', () => {
  expect(draftOf(90 * DAY, PRESETS).choice).toBe(90 * DAY)
  expect(draftOf(45 * DAY, PRESETS)).toEqual({ choice: 'other', count: '45', unit: 'days' })
  expect(draftOf(36 * 3_600, PRESETS)).toEqual({ choice: 'other', count: '36', unit: 'hours' })
  expect(draftOf(null, PRESETS)).toEqual({ choice: 'none', count: '', unit: 'days' })
})

test.each(['', '0', '-1', '1.5', '1e3', 'x', '1234567'])('"%s" is no length', (count) => {
  expect(secondsOf({ choice: 'other', count, unit: 'days' })).toBeUndefined()
})
