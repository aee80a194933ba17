import { expect, test } from 'vitest'
import { sameScopes, scopeDifference } from './difference'

test('scopeDifference names what saving adds and removes', () => {
  expect(scopeDifference(['users:read', 'stats'], ['stats', 'users:write'])).toEqual({
    added: ['users:write'],
    removed: ['users:read'],
  })
})

test('sameScopes disregards order', () => {
  expect(sameScopes(['a', 'b'], ['b', 'a'])).toBe(true)
  expect(sameScopes(['a', 'b'], ['a'])).toBe(false)
  expect(sameScopes(['a'], ['a', 'b'])).toBe(false)
})
