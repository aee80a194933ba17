import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { expect, test } from 'vitest'
import { keyWords, readKeys, type Key } from './key'

const pair = (kind: string) => {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 })
  if (kind === 'ed25519') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('ec', { namedCurve: kind })
}
const pem = (key: KeyObject, type: 'spki' | 'pkcs1' | 'pkcs8' = 'spki') => key.export({ type, format: 'pem' } as never) as unknown as string
const jwk = (key: KeyObject) => key.export({ format: 'jwk' }) as Key

test.each(['P-256', 'P-384', 'P-521', 'ed25519', 'rsa'])('a public key in PEM is the same as its JWK: %s', (kind) => {
  const { publicKey } = pair(kind)
  expect(readKeys(pem(publicKey))).toEqual({ keys: [jwk(publicKey)] })
})

test('an RSA key is read in its own form, too', () => {
  const { publicKey } = pair('rsa')
  expect(readKeys(pem(publicKey, 'pkcs1'))).toEqual({ keys: [jwk(publicKey)] })
})

test('several keys are read, in PEM and as a set', () => {
  const keys = [pair('P-256').publicKey, pair('ed25519').publicKey]
  expect(readKeys(keys.map((key) => pem(key)).join('\n'))).toEqual({ keys: keys.map(jwk) })
  expect(readKeys(JSON.stringify({ keys: keys.map(jwk) }))).toEqual({ keys: keys.map(jwk) })
  expect(readKeys(JSON.stringify(jwk(keys[0] as KeyObject)))).toEqual({ keys: [jwk(keys[0] as KeyObject)] })
})

test('a private key is told, whatever its form, and is not among the keys', () => {
  const { publicKey, privateKey } = pair('P-256')
  for (const text of [pem(privateKey, 'pkcs8'), JSON.stringify(jwk(privateKey)), JSON.stringify({ keys: [jwk(publicKey), jwk(privateKey)] })]) {
    expect(readKeys(text)).toMatchObject({ fault: expect.stringContaining('private key') as unknown })
  }
})

test.each([
  ['nothing', ' '],
  ['a certificate', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'],
  ['broken PEM', '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----'],
  ['a curve that is not taken', pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)],
  ['JSON that is no key', '{"keys":[]}'],
  ['a sentence', 'my key'],
])('%s is a fault that says what to give', (_, text) => {
  expect(readKeys(text)).toHaveProperty('fault')
})

test('a key is told by its kind, its size and what it is bound to', () => {
  expect(keyWords(jwk(pair('P-384').publicKey))).toBe('P-384')
  expect(keyWords({ ...jwk(pair('rsa').publicKey), alg: 'PS256' })).toBe('RSA, 2,048 bits, for PS256 alone')
})
