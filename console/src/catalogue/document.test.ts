import { expect, test } from 'vitest'
import { filled, readText, same, textOf, written } from './document'

const short = {
  apis: [{ id: 'orders', audience: 'urn:orders', routes: [{ path: '/orders/**', scopes: ['orders:read'] }] }],
  scopes: [{ value: 'orders:read', description: 'Read orders', api: 'orders' }],
}

test('what may be left out is filled in for the form, and left out again when written', () => {
  const document = filled(short)
  expect(document.apis[0]).toMatchObject({ name: 'orders', hosts: [], retired: false, direct_credentials: false })
  expect(document.scopes[0]?.roles).toEqual(['admin'])
  expect(written(document)).toEqual({
    apis: [{ ...short.apis[0], name: 'orders' }],
    scopes: [{ ...short.scopes[0], roles: ['admin'] }],
  })
})

test('a catalogue survives the way through its text', () => {
  const document = filled(short)
  const read = readText(textOf(document))
  expect(read).toEqual({ document })
  expect('document' in read && same(read.document, document)).toBe(true)
})

test.each([
  ['{', [/^$/, /^This is not JSON/]],
  ['[]', [/^$/, /object in braces/]],
  ['{"apis":7,"scopes":[]}', [/^apis$/, /a list is due/]],
  ['{"apis":[7],"scopes":[]}', [/^apis\[0\]$/, /object in braces/]],
  ['{"apis":[{"id":7}],"scopes":[]}', [/^apis\[0\]\.id$/, /a text in quotes/]],
  ['{"apis":[{"retired":"yes"}],"scopes":[]}', [/retired$/, /true or false/]],
  ['{"apis":[{"routes":[{"scopes":[1]}]}],"scopes":[]}', [/^apis\[0\]\.routes\[0\]\.scopes$/, /a list of texts/]],
  ['{"apis":[],"scopes":[{"values":"x"}]}', [/^scopes\[0\]\.values$/, /no such member/]],
])('%s is answered with where and what', (text, [at, message]) => {
  const read = readText(text)
  const fault = 'faults' in read ? read.faults[0] : undefined
  expect(fault?.at).toMatch(at as RegExp)
  expect(fault?.message).toMatch(message as RegExp)
})

test('every fault of a text is told at once', () => {
  const read = readText('{"apis":[{"id":1,"nme":"x"}],"scopes":[{"roles":"admin"}]}')
  expect('faults' in read && read.faults.map(({ at }) => at)).toEqual(['apis[0].id', 'apis[0].nme', 'scopes[0].roles'])
})
