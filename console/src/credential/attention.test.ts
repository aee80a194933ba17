import { expect, test } from 'vitest'
import type { Credential } from '../api/types'
import { adviceOn } from './attention'

const now = Date.parse('2026-11-22T12:00:00Z')

const secret: Credential['secrets'][number] = {
  secret_id: 's1',
  label: null,
  hint: 'x9Kd',
  created_at: '2026-03-01T12:00:00Z',
  expires_at: null,
  last_used_at: null,
  last_used_address: null,
}

function credential(part: Partial<Credential>): Credential {
  return {
    client_id: 'c1',
    name: 'Nightly sync',
    level: 'user',
    owner: { user_id: 'u1', email: 'a@example.com' },
    scopes: ['users:read'],
    effective_scopes: ['users:read'],
    status: 'active',
    status_reason: null,
    created_at: '2026-03-01T12:00:00Z',
    expires_at: null,
    last_used_at: null,
    last_used_address: null,
    secrets: [secret],
    actions: ['view', 'edit', 'disable', 'delete'],
    ...part,
  } as Credential
}

test('one that ends soon says when, and leads its owner to where it is extended', () => {
  const soon = { expires_at: '2026-11-25T12:00:00Z' }
  expect(adviceOn('expiring', credential(soon), now)).toEqual({ why: 'It ends in 3 days, on Nov 25, 2026.', remedies: ['open'] })
  const others = adviceOn('expiring', credential({ ...soon, actions: ['view', 'delete'] }), now)
  expect(others).toEqual({ why: 'It ends in 3 days, on Nov 25, 2026. Only its owner can change that.', remedies: [] })
})

test('the last secret that ends soon is to be rotated, an old one beside a newer is not', () => {
  const ending = { ...secret, expires_at: '2026-11-23T12:00:00Z' }
  const last = adviceOn('expiring', credential({ secrets: [ending] }), now)
  expect(last.remedies).toEqual(['rotate'])
  expect(last.why).toMatch(/^Its secret …x9Kd ends tomorrow, on Nov 23, 2026; it is the last one\./)
  const beside = adviceOn('expiring', credential({ secrets: [ending, { ...secret, secret_id: 's2' }] }), now)
  expect(beside.remedies).toEqual(['open'])
  expect(beside.why).toContain('must have moved to the newer one')
})

test('an unused one can be disabled or deleted by whoever may', () => {
  expect(adviceOn('unused', credential({ last_used_at: '2026-08-01T12:00:00Z' }), now)).toEqual({
    why: 'Last used 3 months ago, on Aug 1, 2026.',
    remedies: ['disable', 'delete'],
  })
  expect(adviceOn('unused', credential({ status: 'disabled', actions: ['view', 'delete'] }), now).remedies).toEqual(['delete'])
})

test('only who may edit is offered to rotate', () => {
  expect(adviceOn('unrotated', credential({}), now).remedies).toEqual(['rotate'])
  const others = adviceOn('unrotated', credential({ actions: ['view', 'disable', 'delete'] }), now)
  expect(others.remedies).toEqual(['disable', 'delete'])
  expect(others.why).toMatch(/Only its owner can rotate it\.$/)
})

test.each([
  ['owner', /owner is no longer active/],
  ['scopes', /None of its scopes has an effect/],
  ['restored', /restored backup/],
])('a suspension for %s says why', (reason, words) => {
  const advice = adviceOn('suspended', credential({ status: 'suspended', status_reason: reason as 'owner' }), now)
  expect(advice.why).toMatch(words)
})
