import { expect, test } from 'vitest'
import { parseRanges, rangeWords, sameRanges } from './range'

test('addresses and ranges are read, apart by whatever people put between', () => {
  expect(parseRanges(' 192.0.2.7\n198.51.100.0/24, 2001:DB8::/32;2001:db8::1 \n')).toEqual({
    ranges: ['192.0.2.7/32', '198.51.100.0/24', '2001:db8::/32', '2001:db8::1/128'],
    fault: undefined,
  })
  expect(parseRanges('')).toEqual({ ranges: [], fault: undefined })
  expect(parseRanges('10.0.0.1 10.0.0.1/32').ranges).toEqual(['10.0.0.1/32'])
})

test.each(['10.0.0', '10.0.0.256', '010.0.0.1', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/08', 'example.com', '2001:db8::/129', ':::', '1::2::3', '[::1]', '::ffff:10.0.0.1'])(
  '"%s" is no range, and is named',
  (word) => {
    expect(parseRanges(`192.0.2.0/24\n${word}`).fault).toContain(word)
  },
)

test('the order of ranges says nothing', () => {
  expect(sameRanges(['a', 'b'], ['b', 'a'])).toBe(true)
  expect(sameRanges(['a'], ['a', 'b'])).toBe(false)
})

test('a range of one address is that address', () => {
  expect(['192.0.2.7/32', '2001:db8::1/128', '2001:db8::/32', '192.0.2.0/24'].map(rangeWords)).toEqual([
    '192.0.2.7',
    '2001:db8::1',
    '2001:db8::/32',
    '192.0.2.0/24',
  ])
})
