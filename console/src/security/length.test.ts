import { expect, test } from 'vitest'
import { judgeLength, lengthOf } from './length'

test('a password is long enough from 15 characters to 128', () => {
  expect(['', 'x'.repeat(14), 'x'.repeat(15), 'x'.repeat(128), 'x'.repeat(129)].map(judgeLength)).toEqual([
    'empty',
    'short',
    'enough',
    'enough',
    'long',
  ])
})

test('a character counts once, however it is written', () => {
  expect(lengthOf('e\u0301')).toBe(1)
  expect(lengthOf('🔑')).toBe(1)
  expect(lengthOf('four words with spaces')).toBe(22)
})
