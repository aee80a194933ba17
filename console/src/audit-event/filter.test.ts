import { expect, test } from 'vitest'
import { DEFAULT_FILTER, eventsQuery, formatFilter, isNarrowed, parseFilter } from './filter'

test('a filter survives the way through the URL', () => {
  const filter = {
    actor: 'ada@example.com',
    action: 'credential.delete',
    target: '0199',
    from: '2026-11-01',
    to: '2026-11-30',
    pageToken: 'abc',
  }
  expect(parseFilter(formatFilter(filter).toString())).toEqual(filter)
})

test('parseFilter takes nothing for a day that is none', () => {
  expect(parseFilter('from=yesterday&to=2026-11-31x')).toEqual(DEFAULT_FILTER)
})

test('formatFilter leaves out what is usual', () => {
  expect(formatFilter(DEFAULT_FILTER).toString()).toBe('')
})

test('isNarrowed disregards the page', () => {
  expect(isNarrowed({ ...DEFAULT_FILTER, pageToken: 'x' })).toBe(false)
  expect(isNarrowed({ ...DEFAULT_FILTER, to: '2026-11-30' })).toBe(true)
})

test('eventsQuery asks for whole days, the last one too', () => {
  const params = new URLSearchParams(eventsQuery({ ...DEFAULT_FILTER, from: '2026-11-30', to: '2026-11-30' }))
  const from = Date.parse(params.get('from') ?? '')
  const to = Date.parse(params.get('to') ?? '')
  expect(new Date(from).getHours()).toBe(0)
  expect(to - from).toBe(24 * 3600 * 1000)
})
