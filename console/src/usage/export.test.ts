import { expect, test } from 'vitest'
import { usageRows } from './export'

const at = Date.parse('2026-11-22T10:00:00Z')

test('counts are rows, oldest first, with hours as moments and days as dates', () => {
  const counts = [
    { at, outcome: 'rate_limited', scope: '', calls: 1 },
    { at: at - 3_600_000, outcome: 'allowed', scope: 'stats', calls: 3 },
  ] as const
  expect(usageRows(counts, 'hour')).toEqual([
    ['hour_utc', 'outcome', 'scope', 'calls'],
    ['2026-11-22T09:00:00Z', 'allowed', 'stats', 3],
    ['2026-11-22T10:00:00Z', 'rate_limited', '', 1],
  ])
  expect(usageRows(counts, 'day')[2]).toEqual(['2026-11-22', 'rate_limited', '', 1])
})
