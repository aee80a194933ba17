import { expect, test } from 'vitest'
import type { Scope } from '../api/types'
import { buildCatalogue, matchesScope, nothingOnOffer, tokenScopes } from './catalogue'

function scope(value: string, api: string, part: Partial<Scope> = {}): Scope {
  return { value, description: `May ${value}`, api, roles: ['admin'], retired: false, on_offer: true, ...part }
}

const catalogue = buildCatalogue(
  [
    scope('users:read', 'users'),
    scope('stats', 'insights'),
    scope('users:write', 'users', { on_offer: false }),
    scope('old', 'users', { retired: true, on_offer: false }),
    scope('claviger:credentials:read', 'claviger'),
    scope('claviger:users:read', 'claviger', { on_offer: false }),
  ],
  [
    { id: 'users', name: 'Users API' },
    { id: 'insights', name: 'Insights API' },
  ],
)

test('buildCatalogue offers only what the person may give, grouped by API', () => {
  expect(catalogue.groups.map((group) => [group.label, group.items.map((item) => item.value)])).toEqual([
    ['Insights API', ['stats']],
    ['Users API', ['users:read']],
  ])
})

test('buildCatalogue keeps Claviger’s own scopes apart', () => {
  expect(catalogue.management.map((item) => item.value)).toEqual(['claviger:credentials:read'])
})

test('buildCatalogue counts what only admins could give, without retired and own scopes', () => {
  expect(catalogue.adminOnly).toBe(1)
})

test('nothingOnOffer tells an empty installation from a role without scopes, and is silent where there are some', () => {
  expect(nothingOnOffer(catalogue)).toBeUndefined()
  expect(nothingOnOffer(buildCatalogue([], []))).toContain('claviger catalogue apply')
  expect(nothingOnOffer(buildCatalogue([scope('stats', 'insights', { on_offer: false })], []))).toContain('your role')
  expect(nothingOnOffer(buildCatalogue([scope('claviger:users:read', 'claviger', { on_offer: false })], []))).toContain('There are no')
})

test('matchesScope finds every word in description, value or API name', () => {
  const read = scope('users:read', 'users', { description: 'Read user details' })
  expect(matchesScope(read, 'Users API', 'details read')).toBe(true)
  expect(matchesScope(read, 'Users API', 'USERS:')).toBe(true)
  expect(matchesScope(read, 'Users API', 'delete')).toBe(false)
})

test('tokenScopes never mixes Claviger’s own scopes with others', () => {
  expect(tokenScopes(['claviger:feed', 'stats'])).toEqual(['stats'])
  expect(tokenScopes(['claviger:feed'])).toEqual(['claviger:feed'])
})
