import type { Credential } from '../api/types'
import { publicKeysOfPem, type PublicJwk } from './pem'

export type Key = NonNullable<Credential['jwks']>['keys'][number]

/** How many keys a credential may have at once. */
export const MAX_KEYS = 10

/** Keys read out of what somebody pasted, or why there are none. */
export type ReadKeys = { keys: Key[] } | { fault: string }

const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

const LEFT_ITS_PLACE =
  'This is a private key; it was not sent. Keep it where the program runs, and give its public part: openssl pkey -in key.pem -pubout'

/** Reads public keys as PEM, as a JWK or as a JWK Set. Private keys are told and not sent. */
export function readKeys(text: string): ReadKeys {
  const trimmed = text.trim()
  if (trimmed === '') return { fault: 'Paste the public key that the program signs with.' }
  if (/PRIVATE KEY-----/.test(trimmed)) return { fault: LEFT_ITS_PLACE }
  if (/BEGIN CERTIFICATE-----/.test(trimmed)) {
    return { fault: 'This is a certificate. Give its public key alone: openssl x509 -in certificate.pem -noout -pubkey' }
  }
  if (trimmed.startsWith('-----')) {
    const keys = publicKeysOfPem(trimmed)
    return keys ? { keys: keys as Key[] } : { fault: 'This PEM holds no public key that can be used: P-256, P-384, P-521, Ed25519, or RSA.' }
  }
  return readJwks(trimmed)
}

function readJwks(text: string): ReadKeys {
  const keys = jwksOf(text)
  if (!keys) return { fault: 'This is no public key. Paste it as PEM, which begins with -----BEGIN PUBLIC KEY-----, or as a JWK Set.' }
  if (keys.some((key) => PRIVATE.some((member) => member in key))) return { fault: LEFT_ITS_PLACE }
  return { keys: keys as Key[] }
}

function jwksOf(text: string): PublicJwk[] | undefined {
  try {
    const read = JSON.parse(text) as { keys?: unknown }
    const keys: unknown[] = Array.isArray(read?.keys) ? read.keys : [read]
    return keys.length > 0 && keys.every(isKey) ? keys : undefined
  } catch {
    return undefined
  }
}

function isKey(value: unknown): value is PublicJwk {
  return typeof value === 'object' && value !== null && 'kty' in value && typeof value.kty === 'string'
}

/** "P-256", "Ed25519", "RSA 2,048": what kind of key it is, and what it is bound to. */
export function keyWords(key: Key): string {
  const kind = key.kty === 'RSA' ? `RSA, ${bits(key.n ?? '').toLocaleString('en')} bits` : (key.crv ?? key.kty)
  return key.alg ? `${kind}, for ${key.alg} alone` : kind
}

/** The bits of a number in base64url without leading zeros, to the byte. */
function bits(number: string): number {
  return Math.floor((number.length * 6) / 8) * 8
}
