import { expect, test } from 'vitest'
import type { ListedCredential } from '../api/types'
import { csv } from '../ui/csv'
import { exportRows } from './export'

const credential = {
  client_id: 'c1',
  name: '=cmd|calc',
  level: 'user',
  owner: { user_id: 'u1', email: 'a@example.com' },
  scopes: ['users:read', 'users:write'],
  effective_scopes: ['users:read'],
  status: 'active',
  status_reason: null,
  created_at: '2026-03-01T12:00:00Z',
  expires_at: null,
  last_used_at: null,
  last_used_address: null,
  daily_calls: [1, 2, 3],
  secrets: [{ secret_id: 's1', hint: 'x9Kd', label: 'CI' }],
} as unknown as ListedCredential

test('each row has a cell for each column', () => {
  const [head, row] = exportRows([credential])
  expect(row).toHaveLength(head?.length ?? 0)
})

test('a name that looks like a formula is a text, and nothing of a secret is exported', () => {
  const text = csv(exportRows([credential]))
  expect(text).toContain(`"'=cmd|calc",c1,user,a@example.com,users:read users:write,users:read,active,,`)
  expect(text).not.toContain('x9Kd')
  expect(text).not.toContain('s1,')
})

test('an account-level credential has no owner', () => {
  expect(exportRows([{ ...credential, level: 'account', owner: null } as ListedCredential])[1]?.[3]).toBeUndefined()
})
