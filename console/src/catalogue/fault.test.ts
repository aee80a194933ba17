import { expect, test } from 'vitest'
import { Problem } from '../api/problem'
import { filled } from './document'
import { faultAt, faultsOf, faultsWithin, heldScopes, withoutFault } from './fault'

const document = filled({
  apis: [
    { id: 'orders', audience: 'urn:orders', routes: [] },
    { id: 'stock.v2', audience: 'urn:stock', routes: [] },
  ],
  scopes: [],
})

const problem = new Problem(422, {
  errors: [
    { location: 'body.apis[0].audience', message: 'Not a URI.' },
    { location: 'body.apis[0].routes[1].scopes[0]', message: 'No such scope.' },
    { location: 'body.apis.stock.v2.accounts', message: 'No such account.' },
    { location: 'body', message: 'line 3: twice.' },
  ],
})

test('each fault finds its field, and one without a field is told above the form', () => {
  const faults = faultsOf(problem, document)
  expect(faultAt(faults, 'apis[0].audience')).toBe('Not a URI.')
  expect(faultAt(faults, 'apis[0].routes[1].scopes')).toBe('No such scope.')
  expect(faultAt(faults, 'apis[1].accounts')).toBe('No such account.')
  expect(faultAt(faults, '')).toBe('line 3: twice.')
  expect(faultAt(faults, 'apis[0].id')).toBeUndefined()
  expect(faultsWithin(faults, 'apis[0]')).toBe(2)
})

test('a field that was edited is no longer called wrong', () => {
  const faults = withoutFault(faultsOf(problem, document), 'apis[0].routes[1].scopes')
  expect(faultsWithin(faults, 'apis[0]')).toBe(1)
})

test('place 1 is not place 10', () => {
  const faults = new Map([['apis[10].id', 'x']])
  expect(faultsWithin(faults, 'apis[1]')).toBe(0)
})

test('a refusal to drop scopes names those that are held', () => {
  const message = 'API credentials still hold stats, users:read. Keep the scope with "retired: true" instead of dropping it.'
  expect(heldScopes(message, ['users:read', 'stats', 'users'])).toEqual(['users:read', 'stats'])
  expect(heldScopes('In use.', ['a', 'b'])).toEqual(['a', 'b'])
})
