import { expect, test } from 'vitest'
import { csv } from './csv'

test.each([
  ['=HYPERLINK("https://evil.example")', `"'=HYPERLINK(""https://evil.example"")"`],
  ['+1', `"'+1"`],
  ['-2+3', `"'-2+3"`],
  ['@SUM(A1)', `"'@SUM(A1)"`],
  ['\t=1', `"'\t=1"`],
  ['  =1', `"'  =1"`],
  ['"=1', `"'""=1"`],
  ['＝1', `"'＝1"`],
  ['\r\n', `"'\r\n"`],
])('%j is no formula any more', (text, cell) => {
  expect(csv([[text]])).toBe(`${cell}\r\n`)
})

test.each([
  ['Nightly CRM sync – EU', 'Nightly CRM sync – EU'],
  ['users:read', 'users:read'],
  ['a=b', 'a=b'],
  ['2026-11-22T10:00:00Z', '2026-11-22T10:00:00Z'],
])('%j stays as it is', (text, cell) => {
  expect(csv([[text]])).toBe(`${cell}\r\n`)
})

test('separators, quotes and line breaks stay within their cell', () => {
  expect(csv([['a,b', 'say "hi"', 'one\ntwo']])).toBe('"a,b","say ""hi""","one\ntwo"\r\n')
})

test('numbers stay numbers, and nothing is an empty cell', () => {
  expect(csv([['calls', null], [-3, undefined]])).toBe('calls,\r\n-3,\r\n')
})
