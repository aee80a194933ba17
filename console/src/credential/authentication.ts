import type { Credential, NewCredential } from '../api/types'
import { readKeys } from './key'

export type Method = Credential['authentication_method']

export const METHODS: readonly Method[] = ['client_secret', 'private_key_jwt', 'tls_client_auth']

/** How a program can prove that it is the credential: the name, and what it takes. */
export const METHOD_WORDS: Record<Method, { name: string; meaning: string }> = {
  client_secret: { name: 'Client secret', meaning: 'A secret made here and shown once. The usual way; every OAuth client can do it.' },
  private_key_jwt: {
    name: 'Signed assertions',
    meaning: 'The program signs with a key of its own, which never leaves it; its public part is given here. There is no secret. (private_key_jwt)',
  },
  tls_client_auth: {
    name: 'Client certificate',
    meaning: 'The program has a TLS certificate of an authority that the operator trusts. There is no secret. (tls_client_auth)',
  },
}

/** How a new credential is to authenticate itself, as a form holds it. */
export interface AuthenticationDraft {
  method: Method
  /** Public keys, as they were pasted. */
  keys: string
  /** The name in the certificate. */
  subject: string
}

export const BY_SECRET: AuthenticationDraft = { method: 'client_secret', keys: '', subject: '' }

/** What is missing or wrong, by field of the API. */
export function authenticationFaults({ method, keys, subject }: AuthenticationDraft): Record<string, string> {
  const read = readKeys(keys)
  if (method === 'private_key_jwt' && 'fault' in read) return { jwks: read.fault }
  if (method === 'tls_client_auth' && subject.trim() === '') return { tls_client_subject: 'Enter the name in its certificate.' }
  return {}
}

/** What a new credential is given; nothing for the usual way. */
export function givenAuthentication({ method, keys, subject }: AuthenticationDraft): Partial<NewCredential> {
  const read = readKeys(keys)
  if (method === 'private_key_jwt' && 'keys' in read) return { authentication_method: method, jwks: { keys: read.keys } }
  if (method === 'tls_client_auth') return { authentication_method: method, tls_client_subject: subject.trim() }
  return {}
}
