/** Public keys in PEM, as JWK (RFC 7517, RFC 7518 section 6, RFC 8037): what of DER that takes, and no more. */

export type PublicJwk = Record<string, unknown> & { kty: string }

const OIDS: Record<string, { kty: string; crv?: string; size?: number }> = {
  '2a864886f70d010101': { kty: 'RSA' },
  '2b6570': { kty: 'OKP', crv: 'Ed25519', size: 32 },
  '2a8648ce3d030107': { kty: 'EC', crv: 'P-256', size: 32 },
  '2b81040022': { kty: 'EC', crv: 'P-384', size: 48 },
  '2b81040023': { kty: 'EC', crv: 'P-521', size: 66 },
}
const EC_KEY = '2a8648ce3d0201'

const SEQUENCE = 0x30
const INTEGER = 0x02
const BIT_STRING = 0x03
const OID = 0x06

interface Value {
  tag: number
  body: Uint8Array
}

/** The public keys in a text of PEM blocks; undefined when one of them is none that can be read. */
export function publicKeysOfPem(text: string): PublicJwk[] | undefined {
  const blocks = [...text.matchAll(/-----BEGIN ((?:RSA )?PUBLIC KEY)-----([\sA-Za-z0-9+/=]*)-----END \1-----/g)]
  const keys = blocks.map(([, label, body]) => keyOf(label === 'RSA PUBLIC KEY', body ?? ''))
  return keys.length > 0 && keys.every((key) => key !== undefined) ? keys : undefined
}

function keyOf(pkcs1: boolean, base64: string): PublicJwk | undefined {
  try {
    const der = Uint8Array.from(atob(base64.replace(/\s+/g, '')), (letter) => letter.charCodeAt(0))
    return pkcs1 ? rsa(der) : subjectPublicKey(der)
  } catch {
    return undefined
  }
}

/** SubjectPublicKeyInfo (RFC 5280 section 4.1): the algorithm, and the key as a bit string. */
function subjectPublicKey(der: Uint8Array): PublicJwk | undefined {
  const [algorithm, bits] = inner(one(der, SEQUENCE))
  const [oid, parameters] = inner(expect(algorithm, SEQUENCE))
  const name = hex(expect(oid, OID))
  const kind = OIDS[name === EC_KEY ? hex(expect(parameters, OID)) : name]
  const key = expect(bits, BIT_STRING).subarray(1) // behind the count of unused bits
  if (kind?.kty === 'RSA') return rsa(key)
  if (!kind?.size || !kind.crv) return undefined
  if (kind.kty === 'OKP') return key.length === kind.size ? { kty: 'OKP', crv: kind.crv, x: base64url(key) } : undefined
  // An uncompressed point (SEC 1 section 2.3.3): 4, x, y.
  if (key[0] !== 4 || key.length !== 1 + 2 * kind.size) return undefined
  return { kty: 'EC', crv: kind.crv, x: base64url(key.subarray(1, 1 + kind.size)), y: base64url(key.subarray(1 + kind.size)) }
}

/** RSAPublicKey (RFC 8017 appendix A.1.1): modulus and exponent. */
function rsa(der: Uint8Array): PublicJwk {
  const [n, e] = inner(one(der, SEQUENCE))
  return { kty: 'RSA', n: base64url(unsigned(expect(n, INTEGER))), e: base64url(unsigned(expect(e, INTEGER))) }
}

function one(der: Uint8Array, tag: number): Uint8Array {
  return expect(inner(der)[0], tag)
}

function expect(value: Value | undefined, tag: number): Uint8Array {
  if (value?.tag !== tag) throw new Error('another kind of value')
  return value.body
}

/** The values that stand one after the other in DER. */
function inner(der: Uint8Array): Value[] {
  const values: Value[] = []
  for (let at = 0; at < der.length; ) {
    const tag = der[at] ?? 0
    const first = der[at + 1] ?? 0
    const more = first < 0x80 ? 0 : first & 0x7f
    const length = more === 0 ? first : der.subarray(at + 2, at + 2 + more).reduce((sum, byte) => sum * 256 + byte, 0)
    const start = at + 2 + more
    if (more > 3 || start + length > der.length) throw new Error('cut off')
    values.push({ tag, body: der.subarray(start, start + length) })
    at = start + length
  }
  return values
}

/** Without the zero that keeps a great number from being negative. */
function unsigned(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0 ? bytes.subarray(1) : bytes
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
