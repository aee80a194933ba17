import { expect, test } from 'vitest'
import type { Account, Me } from '../api/types'
import { levelsOnOffer } from './level'

const offered = (role: Me['role'], account_level_credentials: Account['account_level_credentials']) =>
  levelsOnOffer({ role } as Me, { account_level_credentials } as Account)

test('account-level credentials are on offer to admins alone, and only where the account opened them', () => {
  expect(offered('admin', 'open')).toEqual(['user', 'account'])
  expect(offered('admin', 'closed')).toEqual(['user'])
  expect(offered('supervisor', 'open')).toEqual(['user'])
})
