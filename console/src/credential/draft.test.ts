import { expect, test } from 'vitest'
import type { Credential } from '../api/types'
import { draftOf, editOf, isChanged, sameInForm } from './draft'
import { dayInput, endOfDay } from './expiry'

const credential = {
  name: 'Nightly sync',
  scopes: ['a', 'b'],
  expires_at: '2030-03-04T10:11:12Z',
  allowed_cidrs: ['192.0.2.0/24'],
  requests_per_second: null,
  token_lifetime_seconds: 900,
  tls_client_subject: null,
} as Credential

test('an untouched form sends nothing', () => {
  expect(isChanged(editOf(credential, draftOf(credential)))).toBe(false)
})

test('only what differs is sent', () => {
  expect(editOf(credential, { ...draftOf(credential), scopes: ['b', 'c'] })).toEqual({ scopes: ['b', 'c'] })
  expect(editOf(credential, { ...draftOf(credential), name: ' Nightly sync ' })).toEqual({})
  const { limits } = draftOf(credential)
  expect(editOf(credential, { ...draftOf(credential), limits: { ...limits, rate: '5' } })).toEqual({ requests_per_second: 5 })
})

test('clearing the expiry sends null, and another day its end', () => {
  expect(editOf(credential, { ...draftOf(credential), expires: '' })).toEqual({ expires_at: null })
  const day = editOf(credential, { ...draftOf(credential), expires: '2031-01-02' }).expires_at
  expect(dayInput(day)).toBe('2031-01-02')
})

test('a day ends with its last second in the reader’s time zone', () => {
  const end = new Date(endOfDay('2031-01-02') ?? '')
  expect([end.getHours(), end.getMinutes(), end.getSeconds()]).toEqual([23, 59, 59])
  expect(endOfDay('')).toBeUndefined()
})

test('a reading that differs only outside the form is no conflict', () => {
  expect(sameInForm(credential, { ...credential, version: 9, scopes: ['b', 'a'] } as Credential)).toBe(true)
  expect(sameInForm(credential, { ...credential, name: 'Other' } as Credential)).toBe(false)
  expect(sameInForm(credential, { ...credential, allowed_cidrs: [] } as Credential)).toBe(false)
})
