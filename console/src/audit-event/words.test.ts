import { expect, test } from 'vitest'
import type { AuditEvent } from '../api/types'
import { actorName, ACTION_CHOICES, happening, namesIn, ruleWords } from './words'

function event(action: string, part: Partial<AuditEvent> = {}): AuditEvent {
  return {
    event_id: '0199b2c4-6f1f-7d40-8a6e-0b5c7f21d3e9',
    sequence: 7,
    at: '2026-11-22T12:00:00Z',
    actor: { type: 'user', id: 'u1', email: 'ada@example.com' },
    acting_as: null as unknown as AuditEvent['acting_as'],
    action,
    target: { type: 'credential', id: '0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811', name: 'Nightly' },
    outcome: 'done',
    rule: null,
    count: 1,
    address: null,
    request_id: null,
    before: null,
    after: null,
    ...part,
  }
}

function told(what: AuditEvent): string {
  const { words, name } = happening(what)
  return name ? `${words} [${name}]` : words
}

test.each([
  [event('credential.create'), 'created the API credential [Nightly]'],
  [
    event('credential.edit', { before: { name: 'a', scopes: ['x'], generation: 1 }, after: { name: 'b', scopes: ['x', 'y'], generation: 2 } }),
    'changed the name and scopes of the API credential [b]',
  ],
  [event('user.erase', { target: { type: 'user', id: '0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811', name: null } }), 'erased the data of the former user [0199b2c4…e811]'],
  [event('user.password_set', { target: { type: 'user', id: 'u1', name: 'ada@example.com' } }), 'set the password of [ada@example.com]'],
  [event('session.reauthenticate', { target: { type: 'session', id: 's1', name: null } }), 'confirmed who they are'],
  [event('signing_key.rotate', { target: { type: 'signing_key', id: 'k1', name: null } }), 'rotated the signing keys'],
  [event('audit.prune', { target: { type: 'audit_log', id: 'audit_log', name: null } }), 'moved old events of the audit log to an archive'],
  [event('credential.confirm'), 'confirmed, after a restore, the API credential [Nightly]'],
  [event('credential.delete', { target: { type: 'credential', id: 'c1', name: null }, before: { name: 'Was' } }), 'deleted the API credential [Was]'],
  [
    event('credential.disable', { target: { type: 'credential', id: '0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811', name: null } }),
    'disabled the API credential [0199b2c4…e811]',
  ],
  [event('secret.create', { before: { secrets: [] }, after: { secrets: [{ secret_id: 's1', hint: 'MPL0' }] } }), 'added a secret to the API credential [Nightly]'],
  [
    event('secret.create', {
      before: { secrets: [{ secret_id: 's1', hint: 'MPL0' }] },
      after: { secrets: [{ secret_id: 's1', hint: 'MPL0', expires_at: '2026-11-23T12:00:00Z' }, { secret_id: 's2', hint: 'AbCd' }] },
    }),
    'rotated the secret of the API credential [Nightly]',
  ],
  [event('secret.close', { actor: { type: 'system', id: null, email: null } }), 'closed a quiet secret of the API credential [Nightly]'],
  [
    event('user.edit', { target: { type: 'user', id: 'u2', name: 'bea@example.com' }, before: { role: 'agent', status: 'active' }, after: { role: 'admin', status: 'active' } }),
    'changed the role to admin of [bea@example.com]',
  ],
  [
    event('user.edit', { target: { type: 'user', id: 'u2', name: 'bea@example.com' }, before: { status: 'active' }, after: { status: 'deactivated' } }),
    'deactivated the user [bea@example.com]',
  ],
  [event('session.create', { target: { type: 'session', id: 's', name: null } }), 'signed in'],
  [
    event('token.mint', { target: { type: 'token', id: 'j', name: null }, acting_as: { user_id: 'u1', email: 'ada@example.com' } }),
    'made a management token that acts for [ada@example.com]',
  ],
  [event('credential.create', { outcome: 'refused', rule: 'area', target: { type: 'credential', id: null, name: null } }), 'tried to create an API credential'],
  [event('credential.edit', { outcome: 'refused', rule: 'edit_others' }), 'tried to change the API credential [Nightly]'],
  [event('credential.list', { outcome: 'refused', rule: 'area', target: { type: 'credential', id: null, name: null } }), 'tried to list API credentials'],
  [event('audit.list', { outcome: 'refused', rule: 'audit', target: { type: 'account', id: 'a', name: 'default' } }), 'tried to read the audit log'],
  [event('something.new'), 'did something.new to [Nightly]'],
])('%#: an event is told in words', (what, words) => {
  expect(told(what)).toBe(words)
})

test('what is gone is called as another event of the page last knew it', () => {
  const gone = { type: 'credential', id: '0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811', name: null }
  const rotated = event('secret.delete', { target: gone })
  const names = namesIn([event('credential.delete', { target: gone, before: { name: 'Last' } }), rotated, event('credential.create', { target: gone, after: { name: 'First' } })])
  expect(happening(rotated, names).name).toBe('Last')
})

test('everybody who acts has a name', () => {
  expect(actorName(event('x', { actor: { type: 'user', id: 'u1', email: null } }))).toBe('Former user u1')
  expect(actorName(event('x', { actor: { type: 'operator', id: null, email: null } }))).toBe('The operator')
  expect(actorName(event('x', { actor: { type: 'system', id: null, email: null } }))).toBe('Claviger')
})

test('an unknown rule is named', () => {
  expect(ruleWords('hidden')).toBe('They may not see it.')
  expect(ruleWords('brand_new')).toBe('Refused by the rule brand_new.')
})

test('each action is once among the choices', () => {
  expect(new Set(ACTION_CHOICES.map(({ label }) => label)).size).toBe(ACTION_CHOICES.length)
})
