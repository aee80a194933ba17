import type { AuditEvent } from '../api/types'
import { differences } from './difference'

/** How an action is told: as a filter, as done, and as tried in vain. */
interface ActionWords {
  label: string
  done: string
  tried: string
}

const ACTIONS: Record<string, ActionWords> = {
  'credential.create': { label: 'Credential created', done: 'created the API credential', tried: 'create an API credential' },
  'credential.edit': { label: 'Credential changed', done: 'changed the API credential', tried: 'change the API credential' },
  'credential.disable': { label: 'Credential disabled', done: 'disabled the API credential', tried: 'disable the API credential' },
  'credential.enable': { label: 'Credential enabled', done: 'enabled the API credential', tried: 'enable the API credential' },
  'credential.delete': { label: 'Credential deleted', done: 'deleted the API credential', tried: 'delete the API credential' },
  'credential.suspend': { label: 'Credential suspended', done: 'suspended the API credential', tried: 'suspend the API credential' },
  'credential.resume': {
    label: 'Credential resumed',
    done: 'ended the suspension of the API credential',
    tried: 'end the suspension of the API credential',
  },
  'credential.confirm': {
    label: 'Restored credential confirmed',
    done: 'confirmed, after a restore, the API credential',
    tried: 'confirm the restored API credential',
  },
  'secret.create': { label: 'Secret added or rotated', done: 'added a secret to the API credential', tried: 'add a secret to the API credential' },
  'secret.edit': {
    label: 'Closing of a quiet secret changed',
    done: 'changed the closing of a quiet secret of the API credential',
    tried: 'change the closing of a quiet secret of the API credential',
  },
  'secret.close': {
    label: 'Quiet secret closed',
    done: 'closed a quiet secret of the API credential',
    tried: 'close a quiet secret of the API credential',
  },
  'secret.delete': { label: 'Secret deleted', done: 'deleted a secret of the API credential', tried: 'delete a secret of the API credential' },
  'secret.revoke': {
    label: 'Secret revoked as compromised',
    done: 'revoked a compromised secret of the API credential',
    tried: 'revoke a secret of the API credential',
  },
  'user.create': { label: 'User added', done: 'added the user', tried: 'add a user' },
  'user.accept': { label: 'Membership accepted', done: 'accepted the membership', tried: 'accept the membership of' },
  'user.edit': { label: 'User changed', done: 'changed the user', tried: 'change the user' },
  'user.delete': { label: 'User removed', done: 'removed the user', tried: 'remove the user' },
  'user.erase': { label: 'Data of a former user erased', done: 'erased the data of the former user', tried: 'erase the data of the former user' },
  'user.set_up_link': { label: 'Set-up link made', done: 'made a set-up link for', tried: 'make a set-up link for' },
  'user.password_set': { label: 'Password set', done: 'set the password of', tried: 'set the password of' },
  'user.end_sessions': { label: 'Other sessions ended', done: 'ended the other sessions of', tried: 'end the sessions of' },
  'session.create': { label: 'Signed in', done: 'signed in', tried: 'sign in' },
  'session.delete': { label: 'Signed out', done: 'signed out', tried: 'sign out' },
  'session.reauthenticate': { label: 'Confirmed who they are', done: 'confirmed who they are', tried: 'confirm who they are' },
  'account.create': { label: 'Account created', done: 'created the account', tried: 'create an account' },
  'account.edit': { label: 'Account changed', done: 'changed the account', tried: 'change the account' },
  'account.first_admin_link': { label: 'First set-up link made', done: 'made the first set-up link of the account', tried: 'make a set-up link' },
  'token.mint': { label: 'Management token made', done: 'made a management token that acts for', tried: 'make a management token' },
  'catalogue.apply': { label: 'Catalogue applied', done: 'applied a catalogue of APIs and scopes', tried: 'apply a catalogue' },
  'audit.prune': { label: 'Audit log pruned', done: 'moved old events of the audit log to an archive', tried: 'prune the audit log' },
  'installation.restore': { label: 'Backup restored', done: 'restored a backup that held the account', tried: 'restore a backup' },
  'signing_key.create': { label: 'Signing key made', done: 'made a signing key', tried: 'make a signing key' },
  'signing_key.rotate': { label: 'Signing keys rotated', done: 'rotated the signing keys', tried: 'rotate the signing keys' },
  'signing_key.delete': { label: 'Signing key removed', done: 'removed a signing key', tried: 'remove a signing key' },
  'signing_key.expire': { label: 'Signing key left the JWK Set', done: 'took an old signing key out of the JWK Set', tried: 'take a signing key away' },
  'signing_key.reseal': { label: 'Signing key sealed anew', done: 'sealed a signing key under a new master key', tried: 'seal a signing key anew' },
}

/** What can only be told as refused: reading is no change. */
const READINGS: Record<string, string> = {
  'credential.list': 'list API credentials',
  'credential.view': 'read the API credential',
  'user.list': 'list the users',
  'user.view': 'read the user',
  'catalogue.view': 'read the catalogue',
  'audit.list': 'read the audit log',
  'signing_key.list': 'list the signing keys',
}

/** The actions to filter by. */
export const ACTION_CHOICES: readonly { value: string; label: string }[] = [
  { value: '', label: 'All actions' },
  ...Object.entries(ACTIONS).map(([value, { label }]) => ({ value, label })),
]

/** What happened, as a sentence without its subject: words, and the name of what it happened to. */
export interface Happening {
  words: string
  /** Empty where the words say it all. */
  name: string
}

export function happening(event: AuditEvent, names: Names = NOBODY): Happening {
  const name = hasName(event) ? targetName(event, names) : ''
  if (event.outcome === 'done') return { words: doneWords(event), name }
  const tried = ACTIONS[event.action]?.tried ?? READINGS[event.action]
  return { words: tried ? `tried to ${tried}` : `tried ${event.action} on`, name }
}

/** Whether the sentence ends with what it happened to. What was refused may have had no target yet. */
function hasName({ action, outcome, target }: AuditEvent): boolean {
  if (outcome === 'refused') return target.id !== null && ['credential', 'user'].includes(target.type)
  return !['session', 'catalogue', 'signing_key', 'audit_log'].includes(target.type) && action !== 'user.accept'
}

function doneWords(event: AuditEvent): string {
  const after = event.after ?? {}
  switch (event.action) {
    case 'credential.edit':
    case 'account.edit': {
      const fields = differences(event.before, event.after)
        .filter((change) => change.field !== 'generation')
        .map((change) => change.label.toLowerCase())
      const what = event.action === 'account.edit' ? 'account' : 'API credential'
      return fields.length > 0 ? `changed the ${listed(fields)} of the ${what}` : `changed the ${what}`
    }
    case 'secret.create':
      return retires(event) ? 'rotated the secret of the API credential' : (ACTIONS['secret.create']?.done ?? '')
    case 'user.edit':
      return userEditWords(event.before ?? {}, after)
  }
  return ACTIONS[event.action]?.done ?? `did ${event.action} to`
}

function userEditWords(before: Record<string, unknown>, after: Record<string, unknown>): string {
  if (before.status !== after.status) {
    const words: Record<string, string> = { active: 'activated', deactivated: 'deactivated', archived: 'archived' }
    return `${words[String(after.status)] ?? 'changed'} the user`
  }
  if (before.role !== after.role) return `changed the role to ${String(after.role)} of`
  return 'changed the user'
}

/** Whether adding a secret gave an older one an end: a rotation. */
function retires(event: AuditEvent): boolean {
  return differences(event.before, event.after).some(({ lines }) => lines.some(({ sign }) => sign === 'removed'))
}

function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** Whom and what IDs mean. */
export type Names = ReadonlyMap<string, string>

const NOBODY: Names = new Map()

/** What the events of a page know of whom and what their IDs mean; the newest name of a thing counts. */
export function namesIn(events: readonly AuditEvent[]): Names {
  const names = new Map<string, string>()
  const know = (id: string | null, name: string | null | undefined) => id && name && !names.has(id) && names.set(id, name)
  for (const event of events) {
    know(event.actor.id, event.actor.email)
    if (event.acting_as) know(event.acting_as.user_id, event.acting_as.email)
    know(event.target.id, event.target.name ?? nameThen(event))
  }
  return names
}

function nameThen(event: AuditEvent): string | undefined {
  const name = event.after?.name ?? event.before?.name
  return typeof name === 'string' && name ? name : undefined
}

/** What the target was called then, or is called now, or was when it was last heard of; else its ID, shortened. */
export function targetName(event: AuditEvent, names: Names = NOBODY): string {
  const { type, id, name } = event.target
  if (type === 'token') return event.acting_as?.email ?? 'a user'
  return nameThen(event) ?? name ?? (id ? (names.get(id) ?? shortID(id)) : '')
}

export function shortID(id: string): string {
  return id.length > 20 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id
}

/** Who acted. */
export function actorName(event: AuditEvent): string {
  switch (event.actor.type) {
    case 'operator':
      return 'The operator'
    case 'system':
      return 'Claviger'
    case 'credential':
      return `API credential ${shortID(event.actor.id ?? '')}`
    case 'user':
      return event.actor.email ?? `Former user ${shortID(event.actor.id ?? '')}`
  }
}

/** For whom a credential acted; the target of a minted token says it already. */
export function actingFor(event: AuditEvent): string | undefined {
  if (!event.acting_as || event.target.type === 'token') return undefined
  return event.acting_as.email ?? `former user ${shortID(event.acting_as.user_id)}`
}

const RULES: Record<string, string> = {
  area: 'The API Credentials area is not there for them.',
  hidden: 'They may not see it.',
  token_scope: 'The access token lacked the scope for it.',
  edit_others: 'Only its owner may change a user-level credential.',
  scope_ceiling: 'A scope was above what they may give.',
  account_level_closed: 'The account makes no new account-level credentials.',
  account_level_role: 'Only admins make account-level credentials.',
  create_for_others: 'A credential can only be made for oneself.',
  disabled_by_owner: 'Its owner disabled it, so only its owner enables it.',
  disabled_by_admin: 'An admin disabled it, so only an admin enables it.',
  catalogue: 'The catalogue is for admins of the operator account.',
  audit: 'The audit log is for admins.',
  people: 'Users are managed by admins.',
  account_role: 'The account is edited by admins.',
  account_name: 'Another account has this name.',
  signing_keys: 'The signing keys are for admins of the operator account.',
  reauthentication: 'They had not confirmed lately who they are.',
  wrong_password: 'The password that they entered was wrong.',
  too_many_tries: 'They entered too many wrong passwords.',
  own_affairs: 'Password and sessions are for the person alone, not for a credential.',
}

/** Why it was refused. */
export function ruleWords(rule: string): string {
  return RULES[rule] ?? `Refused by the rule ${rule}.`
}
