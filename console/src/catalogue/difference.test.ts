import { expect, test } from 'vitest'
import { difference } from './difference'
import { filled, type Document } from './document'

const base = filled({
  apis: [
    {
      id: 'orders',
      name: 'Orders',
      audience: 'urn:orders',
      routes: [
        { methods: ['GET'], path: '/orders', scopes: ['orders:read', 'orders:write'] },
        { methods: ['POST'], path: '/orders', scopes: ['orders:write'] },
      ],
    },
  ],
  scopes: [
    { value: 'orders:read', description: 'Read orders', api: 'orders', roles: ['admin', 'supervisor'] },
    { value: 'orders:write', description: 'Write orders', api: 'orders' },
  ],
})

function changed(change: (document: Document) => void): Document {
  const document = structuredClone(base)
  change(document)
  return document
}

const told = (after: Document) => difference(base, after).map(({ kind, what, name }) => `${kind} ${what} ${name}`)

test('the same is no change, nor is another order', () => {
  expect(difference(base, base)).toEqual([])
  expect(difference(base, changed(({ apis, scopes }) => (apis[0]?.routes.reverse(), scopes.reverse())))).toEqual([])
})

test('retiring a scope says what stops, and whose holders to count', () => {
  const [change] = difference(base, changed(({ scopes }) => (scopes[0]!.retired = true)))
  expect(change).toMatchObject({ kind: 'retired', what: 'Scope', name: 'orders:read', scope: 'orders:read' })
  expect(change?.effects[0]).toMatch(/without effect/)
})

test('taking back a retirement is told as such', () => {
  const retired = changed(({ scopes }) => (scopes[0]!.retired = true))
  expect(difference(retired, base)[0]).toMatchObject({ kind: 'restored', effects: ['Credentials that kept it may use it again at once.'] })
})

test('dropping a scope warns that holders forbid it', () => {
  const [change] = difference(base, changed(({ scopes }) => scopes.pop()))
  expect(change).toMatchObject({ kind: 'removed', scope: 'orders:write' })
  expect(change?.effects[0]).toMatch(/refused while any credential holds it/)
})

test('a scope that supervisors lose touches its holders; one they gain does not', () => {
  const lost = difference(base, changed(({ scopes }) => (scopes[0]!.roles = ['admin'])))
  expect(lost[0]).toMatchObject({ kind: 'changed', scope: 'orders:read' })
  const gained = difference(base, changed(({ scopes }) => (scopes[1]!.roles = ['admin', 'supervisor'])))
  expect(gained[0]).toEqual({ kind: 'changed', what: 'Scope', name: 'orders:write', effects: ['Supervisors may give it to credentials.'] })
})

test('a route is told by what it opens to now and no longer', () => {
  const [change] = difference(base, changed(({ apis }) => (apis[0]!.routes[0]!.scopes = ['orders:write', 'orders:all'])))
  expect(change).toEqual({
    kind: 'changed',
    what: 'Route',
    of: 'Orders',
    name: 'GET /orders',
    effects: ['It opens to orders:all now.', 'It no longer opens to orders:read.'],
  })
})

test('another path is one route gone and one come', () => {
  expect(told(changed(({ apis }) => (apis[0]!.routes[1]!.path = '/order')))).toEqual(['removed Route POST /orders', 'added Route POST /order'])
})

test('an API is told by what starts and stops for its programs', () => {
  const [change] = difference(
    base,
    changed(({ apis }) => Object.assign(apis[0]!, { retired: true, audience: 'urn:new', direct_credentials: true })),
  )
  expect(change).toMatchObject({ kind: 'retired', what: 'API', name: 'Orders' })
  expect(change?.effects).toEqual([
    'Enforcement refuses every call to it, and its scopes grant nothing.',
    'Tokens are for urn:new; those for urn:orders are refused.',
    'Programs may send client ID and secret themselves.',
  ])
  expect(told(changed(({ apis }) => apis.pop()))).toEqual(['removed API Orders'])
})
