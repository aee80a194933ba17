import { exactTime } from '../ui/time'

type State = Record<string, unknown> | null

/** One line of a difference: what an action added or removed, or what it left. */
export interface Line {
  sign: 'added' | 'removed' | 'same'
  text: string
  /** Written as programs write it. */
  code: boolean
}

/** How one member of the target differs before and after. */
export interface Change {
  field: string
  label: string
  lines: Line[]
}

const LABELS: Record<string, string> = {
  name: 'Name',
  level: 'Level',
  owner_id: 'Owner',
  user_id: 'User',
  scopes: 'Scopes',
  apis: 'APIs',
  secrets: 'Secrets',
  expires_at: 'Expiry',
  allowed_cidrs: 'Allowed addresses',
  token_lifetime_seconds: 'Token lifetime',
  max_token_lifetime_seconds: 'Longest token lifetime',
  max_secret_age_seconds: 'Longest age of a secret',
  unused_warn_after_seconds: 'Warning when unused',
  unused_disable_after_seconds: 'Disabling when unused',
  requests_per_second: 'Requests per second',
  disabled: 'Disabled',
  disabled_by: 'Disabled by',
  suspension: 'Suspension',
  api: 'API',
  generation: 'Token generation',
  role: 'Role',
  status: 'Status',
  api_credentials_enabled: 'API Credentials area',
  account_level_credentials: 'Account-level credentials',
}

const LEVELS: Record<string, string> = { user: 'User-level', account: 'Account-level' }

const SUSPENSIONS: Record<string, string> = {
  owner: 'Its owner is not active',
  scopes: 'No scope is left that works',
  restored: 'Restored, not confirmed',
}

/**
 * What differs between the states before and after an action, a member at a time. Where there is only one
 * state, every member of it was added or removed. `names` says whom a user ID means.
 */
export function differences(before: State, after: State, names: ReadonlyMap<string, string> = new Map()): Change[] {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  return fields.flatMap((field) => {
    const was = linesOf(field, before?.[field], names)
    const is = linesOf(field, after?.[field], names)
    const lines = compare(was, is)
    if (lines.every(({ sign }) => sign === 'same')) return []
    return [{ field, label: LABELS[field] ?? field.replaceAll('_', ' '), lines }]
  })
}

type Plain = Omit<Line, 'sign'>

function compare(before: readonly Plain[], after: readonly Plain[]): Line[] {
  const was = new Set(before.map(({ text }) => text))
  const is = new Set(after.map(({ text }) => text))
  return [
    ...before.filter(({ text }) => !is.has(text)).map((line) => ({ ...line, sign: 'removed' as const })),
    ...after.filter(({ text }) => !was.has(text)).map((line) => ({ ...line, sign: 'added' as const })),
    ...after.filter(({ text }) => was.has(text)).map((line) => ({ ...line, sign: 'same' as const })),
  ]
}

function linesOf(field: string, value: unknown, names: ReadonlyMap<string, string>): Plain[] {
  if (value === undefined || value === null || value === '') return []
  if (Array.isArray(value)) return value.map((item) => itemLine(field, item))
  return [{ text: valueText(field, value, names), code: field === 'api' }]
}

function itemLine(field: string, item: unknown): Plain {
  if (typeof item !== 'object' || item === null) return { text: String(item), code: true }
  const members = item as Record<string, unknown>
  if (field === 'secrets') return { text: secretText(members), code: false }
  return { text: objectText(members), code: true }
}

function secretText(secret: Record<string, unknown>): string {
  const label = typeof secret.label === 'string' && secret.label ? `${secret.label}, ` : ''
  const end = typeof secret.expires_at === 'string' ? `, ends ${exactTime(secret.expires_at)}` : ''
  const hours = secret.close_when_quiet_hours
  const closing = typeof hours === 'number' ? `, closes when not used for ${hours.toLocaleString('en')} ${hours === 1 ? 'hour' : 'hours'}` : ''
  return `${label}…${String(secret.hint)}${end}${closing}`
}

/** An API or a scope of a catalogue, by what names it; the rest is told when it differs. */
function objectText(members: Record<string, unknown>): string {
  const { id, value, ...rest } = members
  const name = id ?? value
  const text = JSON.stringify(name === undefined ? members : rest)
  return name === undefined ? text : `${String(name)} ${text}`
}

function valueText(field: string, value: unknown, names: ReadonlyMap<string, string>): string {
  switch (field) {
    case 'owner_id':
    case 'user_id':
    case 'disabled_by':
      return names.get(String(value)) ?? String(value)
    case 'expires_at':
      return exactTime(String(value))
    case 'level':
      return LEVELS[String(value)] ?? String(value)
    case 'suspension':
      return SUSPENSIONS[String(value)] ?? String(value)
    case 'api_credentials_enabled':
      return value === true ? 'Shown' : 'Hidden'
  }
  if (field.endsWith('_seconds')) return value === 0 ? 'No bound' : `${Number(value).toLocaleString('en')} seconds`
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
