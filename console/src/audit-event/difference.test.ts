import { expect, test } from 'vitest'
import { differences, type Change } from './difference'

function told(changes: readonly Change[]): string[] {
  const signs = { added: '+', removed: '-', same: '=' }
  return changes.flatMap(({ label, lines }) => lines.map(({ sign, text }) => `${label} ${signs[sign]}${text}`))
}

test('an edit shows what differs alone', () => {
  const before = { name: 'Nightly', level: 'user', scopes: ['users:read', 'stats'], generation: 1 }
  const after = { name: 'Hourly', level: 'user', scopes: ['users:read', 'users:write'], generation: 1 }
  expect(told(differences(before, after))).toEqual([
    'Name -Nightly',
    'Name +Hourly',
    'Scopes -stats',
    'Scopes +users:write',
    'Scopes =users:read',
  ])
})

test('a creation shows all there is, a deletion all there was', () => {
  const state = { name: 'x', scopes: ['stats'], disabled: true, requests_per_second: 50 }
  expect(told(differences(null, state))).toEqual(['Name +x', 'Scopes +stats', 'Disabled +Yes', 'Requests per second +50'])
  expect(told(differences(state, null))).toEqual(['Name -x', 'Scopes -stats', 'Disabled -Yes', 'Requests per second -50'])
  expect(differences(null, null)).toEqual([])
})

test('secrets are told by label and last characters', () => {
  const before = { secrets: [{ secret_id: 'a', hint: 'MPL0' }] }
  const after = { secrets: [{ secret_id: 'a', hint: 'MPL0' }, { secret_id: 'b', hint: 'AbCd', label: 'November' }] }
  expect(told(differences(before, after))).toEqual(['Secrets +November, …AbCd', 'Secrets =…MPL0'])
})

test('a user ID is told by whom it means', () => {
  expect(told(differences({ disabled_by: 'u1' }, { disabled_by: 'u2' }, new Map([['u2', 'ada@example.com']])))).toEqual([
    'Disabled by -u1',
    'Disabled by +ada@example.com',
  ])
})

test('of a catalogue what changed is told, by ID and value', () => {
  const before = { apis: [{ id: 'a', audience: 'urn:a' }], scopes: [{ value: 's', api: 'a' }, { value: 't', api: 'a' }] }
  const after = { apis: [{ id: 'a', audience: 'urn:b' }], scopes: [{ value: 's', api: 'a' }] }
  expect(told(differences(before, after))).toEqual([
    'APIs -a {"audience":"urn:a"}',
    'APIs +a {"audience":"urn:b"}',
    'Scopes -t {"api":"a"}',
    'Scopes =s {"api":"a"}',
  ])
})

test('a member that is new to the console is shown as it is', () => {
  expect(told(differences({}, { some_thing: { a: 1 } }))).toEqual(['some thing +{"a":1}'])
})
