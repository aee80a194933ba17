/**
 * The shapes of the management API, by short names. They come from the server's own OpenAPI document:
 * `npm run types` writes schema.d.ts anew.
 */
import type { components } from './schema'

type Schemas = components['schemas']

export type Me = Schemas['Me']
export type Role = Me['role']
export type Account = Schemas['Account']
export type AccountChange = Schemas['AccountChange']

export type Credential = Schemas['Credential']
export type Level = Credential['level']
export type Status = Credential['status']
/** What the server lets the signed-in person do with a credential. */
export type Action = Credential['actions'][number]
export type Secret = Schemas['Secret']

export type ListedCredential = Schemas['ListedCredential']
export type CredentialList = Schemas['CredentialList']
export type CredentialChange = Schemas['CredentialChange']
export type NewSecret = Schemas['NewSecret']
export type SecretChange = Schemas['SecretChange']

export type Usage = Schemas['Usage']
export type UsageDay = Schemas['UsageDay']
export type UsageHour = Schemas['UsageHour']

/** What the console asks for; the rest of the members keep the server's defaults. */
export type NewCredential = Omit<Schemas['NewCredential'], 'api'>

/** The answers to creation and rotation, and the only ones that ever hold a secret. */
export type CreatedCredential = Schemas['CreatedCredential']
export type CreatedSecret = Schemas['CreatedSecret']

export type Scope = Schemas['Scope']
export type ScopeList = Schemas['ScopeList']
export type Api = Schemas['API']
export type ApiList = Schemas['APIList']
export type Route = Schemas['Route']

/** The catalogue as it was written; the members that it may leave out are optional. */
export type Catalogue = Schemas['Catalogue']
export type CatalogueApi = Schemas['CatalogueAPI']
export type CatalogueRoute = Schemas['CatalogueRoute']
export type CatalogueScope = Schemas['CatalogueScope']

export type AuditEvent = Schemas['AuditEvent']
export type AuditEventList = Schemas['AuditEventList']

/** Why a program was refused, or would be. */
export type Explanation = Schemas['Explanation']

export type User = Schemas['User']
export type UserStatus = User['status']
export type UserList = Schemas['UserList']
export type NewUser = Schemas['NewUser']
export type UserChange = Schemas['UserChange']
/** The only answer that ever holds a set-up link. */
export type SetUpLink = Schemas['SetUpLink']

/** A person's own password and sessions. */
export type OwnPassword = Schemas['Password']
export type OwnSession = Schemas['Session']
export type OwnSessionList = Schemas['SessionList']

export type ProblemBody = Schemas['Problem']
