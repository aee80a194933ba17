import { expect, test } from 'vitest'
import type { Me } from '../api/types'
import { DEFAULT_FILTER, formatFilter, listQuery, parseFilter, type CredentialFilter } from './filter'

const admin: Me = {
  user_id: 'u1',
  email: 'a@example.com',
  name: 'A',
  account_id: 'acc',
  role: 'admin',
  accounts: [],
  scopes: [],
}
const supervisor: Me = { ...admin, role: 'supervisor' }

test('the usual view has an empty query string', () => {
  expect(formatFilter(DEFAULT_FILTER).toString()).toBe('')
  expect(parseFilter('')).toEqual(DEFAULT_FILTER)
})

test('every filter survives the way through the URL', () => {
  const filter: CredentialFilter = {
    tab: 'accounts',
    mine: true,
    search: 'crm & "sync"',
    status: 'disabled',
    scope: 'users:read',
    attention: 'unused',
    sort: 'name',
    descending: false,
    pageToken: 'abc=/+',
  }
  expect(parseFilter(formatFilter(filter).toString())).toEqual(filter)
})

test('what a URL says wrongly counts as not said', () => {
  expect(parseFilter('status=gone&sort=-secret&tab=all&owner=u2')).toEqual(DEFAULT_FILTER)
})

test('a supervisor’s list asks for their own only, whatever the URL says', () => {
  const query = new URLSearchParams(listQuery(parseFilter('tab=accounts'), supervisor))
  expect(query.get('owner')).toBe('me')
  expect(query.get('level')).toBeNull()
})

test('an admin’s tabs are levels, and My Credentials narrows the first', () => {
  expect(new URLSearchParams(listQuery(parseFilter('tab=accounts'), admin)).get('level')).toBe('account')
  const mine = new URLSearchParams(listQuery(parseFilter('owner=me&sort=-last_used_at'), admin))
  expect([mine.get('level'), mine.get('owner'), mine.get('sort')]).toEqual(['user', 'me', '-last_used_at'])
})
