import type { Secret } from '../api/types'

/** How many secrets a credential may have at once. */
export const MAX_SECRETS = 5

/** A secret by its label and hint, as "CI …x9Kd"; the secret itself is not to be had. */
export function secretName(secret: Secret): string {
  return secret.label ? `${secret.label} …${secret.hint}` : `…${secret.hint}`
}
