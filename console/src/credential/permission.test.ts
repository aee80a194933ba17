import { expect, test } from 'vitest'
import type { Credential } from '../api/types'
import { may, ownerWords, whyReadOnly } from './permission'

const others = {
  level: 'user',
  owner: { user_id: 'u2', email: 'owner@example.com' },
  actions: ['view', 'disable', 'delete'],
} as Credential

test('what is offered is what the server says, not what the role suggests', () => {
  expect([may(others, 'edit'), may(others, 'disable'), may(others, 'enable')]).toEqual([false, true, false])
})

test('a read-only view says whose the credential is and what is left to do', () => {
  expect(whyReadOnly(others)).toBe(
    'This credential belongs to owner@example.com, and nobody else can change it. You can disable or delete it.',
  )
})

test('one that can be edited needs no reason', () => {
  expect(whyReadOnly({ ...others, actions: ['view', 'edit'] })).toBeUndefined()
})

test('an owner who left has no address to show', () => {
  expect(ownerWords({ ...others, owner: { user_id: 'u2', email: null } })).toBe('A former member')
})
