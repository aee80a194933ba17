import type { Credential, Secret } from '../api/types'

/** How many secrets a credential may have at once. */
export const MAX_SECRETS = 5

/** A secret by its label and hint, as "CI …x9Kd"; the secret itself is not to be had. */
export function secretName(secret: Secret): string {
  return secret.label ? `${secret.label} …${secret.hint}` : `…${secret.hint}`
}

export function hasEnded(secret: Secret): boolean {
  return secret.expires_at !== null && Date.parse(secret.expires_at) <= Date.now()
}

/** Whether a credential has no room for another secret; those that have ended make room. */
export function isFull(credential: Credential): boolean {
  return credential.secrets.filter((secret) => !hasEnded(secret)).length >= MAX_SECRETS
}

/** Whether a credential proves itself by secrets, and not by keys of its own. */
export function hasSecrets(credential: Credential): boolean {
  return credential.authentication_method === 'client_secret'
}
