import { expect, test } from 'vitest'
import { authenticationFaults, BY_SECRET, givenAuthentication } from './authentication'

const key = { kty: 'OKP', crv: 'Ed25519', x: 'AA' }

test('the usual way asks for nothing and sends nothing', () => {
  expect(authenticationFaults(BY_SECRET)).toEqual({})
  expect(givenAuthentication({ ...BY_SECRET, keys: 'left over', subject: 'left over' })).toEqual({})
})

test('signed assertions need a public key', () => {
  const draft = { ...BY_SECRET, method: 'private_key_jwt' } as const
  expect(authenticationFaults(draft)).toHaveProperty('jwks')
  expect(givenAuthentication({ ...draft, keys: JSON.stringify(key) })).toEqual({ authentication_method: 'private_key_jwt', jwks: { keys: [key] } })
})

test('a certificate needs the name in it', () => {
  const draft = { ...BY_SECRET, method: 'tls_client_auth' } as const
  expect(authenticationFaults(draft)).toHaveProperty('tls_client_subject')
  expect(givenAuthentication({ ...draft, subject: ' dns:a.example ' })).toEqual({ authentication_method: 'tls_client_auth', tls_client_subject: 'dns:a.example' })
})
