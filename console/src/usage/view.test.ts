import { expect, test } from 'vitest'
import { axisEnd, countsOf, narrowed, slotted, sums } from './count'
import { DEFAULT_VIEW, formatView, parseView, slotsOf, type UsageView } from './view'

const now = Date.parse('2026-11-22T10:20:30Z')

test('the usual view has an empty query string', () => {
  expect(formatView(DEFAULT_VIEW).toString()).toBe('')
  expect(parseView('')).toEqual(DEFAULT_VIEW)
})

test.each<UsageView>([
  { range: '24h', unit: 'hour', outcome: 'insufficient_scope', scope: 'users:read' },
  { range: '14d', unit: 'hour', outcome: '', scope: '' },
  { range: '400d', unit: 'day', outcome: 'issued', scope: 'stats' },
])('a view survives the way through the URL: %j', (view) => {
  expect(parseView(formatView(view).toString())).toEqual(view)
})

test('what a URL cannot mean is not shown: hours of 90 days are not kept', () => {
  expect(parseView('range=90d&by=hour').unit).toBe('day')
  expect(parseView('range=24h&by=day').unit).toBe('hour')
  expect(parseView('range=7y')).toEqual(DEFAULT_VIEW)
})

test('24 hours are the present one and the 23 before it', () => {
  const slots = slotsOf({ range: '24h', unit: 'hour' }, now)
  expect(slots).toHaveLength(24)
  expect(new Date(slots[0]!).toISOString()).toBe('2026-11-21T11:00:00.000Z')
  expect(new Date(slots.at(-1)!).toISOString()).toBe('2026-11-22T10:00:00.000Z')
})

test('days are those of UTC, today last', () => {
  const slots = slotsOf({ range: '14d', unit: 'day' }, now)
  expect(slots).toHaveLength(14)
  expect(new Date(slots[0]!).toISOString()).toBe('2026-11-09T00:00:00.000Z')
  expect(slotsOf({ range: '14d', unit: 'hour' }, now)).toHaveLength(14 * 24)
})

const usage = {
  hours: [],
  days: [
    { day: '2026-11-22', outcome: 'allowed', scope: 'users:read', calls: 7 },
    { day: '2026-11-22', outcome: 'insufficient_scope', scope: 'stats', calls: 2 },
    { day: '2026-11-20', outcome: 'allowed', scope: 'stats', calls: 5 },
    { day: '2026-10-01', outcome: 'allowed', scope: 'stats', calls: 100 },
  ],
} satisfies Parameters<typeof countsOf>[0]

test('counts come into their days; days without any are there, and what lies outside is not', () => {
  const slots = slotsOf({ range: '14d', unit: 'day' }, now)
  const counts = narrowed(countsOf(usage, 'day'), slots, { outcome: '', scope: '' })
  const days = slotted(counts, slots)
  expect(days).toHaveLength(14)
  expect(days.at(-1)?.calls).toEqual({ allowed: 7, issued: 0, refused: 2 })
  expect(days.at(-2)?.calls).toEqual({ allowed: 0, issued: 0, refused: 0 })
  expect(sums(counts, 'scope')).toEqual([
    { key: 'users:read', calls: 7 },
    { key: 'stats', calls: 7 },
  ])
  expect(sums(counts, 'outcome')).toEqual([
    { key: 'allowed', calls: 12 },
    { key: 'insufficient_scope', calls: 2 },
  ])
})

test('narrowing leaves one outcome of one scope', () => {
  const slots = slotsOf({ range: '14d', unit: 'day' }, now)
  expect(narrowed(countsOf(usage, 'day'), slots, { outcome: 'allowed', scope: 'stats' }).map(({ calls }) => calls)).toEqual([5])
})

test.each([
  [0, 1],
  [3, 3],
  [7, 10],
  [11, 20],
  [40, 40],
  [41, 50],
  [999, 1000],
])('an axis up to %d ends at %d', (most, end) => {
  expect(axisEnd(most)).toBe(end)
})
