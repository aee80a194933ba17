import type { Credential, CredentialChange } from '../api/types'
import { sameScopes } from '../scope/difference'
import { dayInput, endOfDay } from './expiry'
import { limitsDraftOf, limitsEditOf, type LimitsDraft } from './limits'

/** What the edit form holds. */
export interface CredentialDraft {
  name: string
  scopes: string[]
  /** A day, as an input of type date writes it; empty for no expiry. */
  expires: string
  limits: LimitsDraft
  /** The name in its certificate; empty where it authenticates itself otherwise. */
  subject: string
}

export function draftOf(credential: Credential): CredentialDraft {
  return {
    name: credential.name,
    scopes: credential.scopes,
    expires: dayInput(credential.expires_at),
    limits: limitsDraftOf(credential),
    subject: credential.tls_client_subject ?? '',
  }
}

/** The members a save would send: only what differs from the credential as it was read. */
export function editOf(credential: Credential, draft: CredentialDraft): CredentialChange {
  const edit: CredentialChange = {}
  if (draft.name.trim() !== credential.name) edit.name = draft.name.trim()
  if (!sameScopes(draft.scopes, credential.scopes)) edit.scopes = draft.scopes
  // Compared by day: the form does not show the time of day, so it must not change it.
  if (draft.expires !== dayInput(credential.expires_at)) edit.expires_at = endOfDay(draft.expires) ?? null
  if (draft.subject.trim() !== (credential.tls_client_subject ?? '')) edit.tls_client_subject = draft.subject.trim()
  return { ...edit, ...limitsEditOf(credential, draft.limits) }
}

export function isChanged(edit: CredentialChange): boolean {
  return Object.keys(edit).length > 0
}

/** Whether two readings of a credential show the same in the form; a new secret, say, changes only the version. */
export function sameInForm(one: Credential, other: Credential): boolean {
  return !isChanged(editOf(one, draftOf(other)))
}
