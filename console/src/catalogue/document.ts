import type { Catalogue, CatalogueApi, CatalogueRoute, CatalogueScope } from '../api/types'

/** The catalogue with every member there, as the form edits it. */
export interface Document {
  apis: ApiEntry[]
  scopes: ScopeEntry[]
}
export type RouteEntry = Required<CatalogueRoute>
export type ApiEntry = Omit<Required<CatalogueApi>, 'routes'> & { routes: RouteEntry[] }
export type ScopeEntry = Required<CatalogueScope>

/** Adds the members that a catalogue may leave out. */
export function filled({ apis, scopes }: Catalogue): Document {
  return {
    apis: (apis ?? []).map((api) => ({
      ...NEW_API,
      ...api,
      name: api.name ?? api.id,
      routes: (api.routes ?? []).map((route) => ({ ...NEW_ROUTE, ...route })),
    })),
    scopes: (scopes ?? []).map((scope) => ({ ...NEW_SCOPE, ...scope })),
  }
}

export const NEW_ROUTE: RouteEntry = { methods: [], path: '', scopes: [] }
export const NEW_SCOPE: ScopeEntry = { value: '', description: '', api: '', roles: ['admin'], retired: false }
export const NEW_API: ApiEntry = {
  id: '',
  name: '',
  audience: '',
  hosts: [],
  base_path: '',
  upstream: '',
  direct_credentials: false,
  forward_authorization: false,
  accounts: [],
  retired: false,
  routes: [],
}

/** The catalogue as it is sent and shown as text: without what it may leave out. */
export function written({ apis, scopes }: Document): Catalogue {
  return {
    apis: apis.map(({ id, name, audience, routes, ...rest }) => ({
      id,
      name,
      audience,
      ...withoutEmpty(rest),
      routes: routes.map(({ methods, path, scopes: any }) => ({ ...withoutEmpty({ methods }), path, scopes: any })),
    })),
    scopes: scopes.map(({ value, description, api, roles, retired }) => ({
      value,
      description,
      api,
      roles,
      ...withoutEmpty({ retired }),
    })),
  }
}

function withoutEmpty<T extends object>(members: T): Partial<T> {
  const kept = Object.entries(members).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : Boolean(value)))
  return Object.fromEntries(kept) as Partial<T>
}

export function textOf(document: Document): string {
  return JSON.stringify(written(document), null, 2)
}

/** Whether two catalogues are the same to the last member, in the same order. */
export function same(one: Document, other: Document): boolean {
  return textOf(one) === textOf(other)
}

/** Something wrong with a text, and where. */
export interface TextFault {
  at: string
  message: string
}

const API_MEMBERS = {
  id: 'text',
  name: 'text',
  audience: 'text',
  hosts: 'texts',
  base_path: 'text',
  upstream: 'text',
  direct_credentials: 'yes-no',
  forward_authorization: 'yes-no',
  accounts: 'texts',
  retired: 'yes-no',
  routes: 'list',
} as const
const ROUTE_MEMBERS = { methods: 'texts', path: 'text', scopes: 'texts' } as const
const SCOPE_MEMBERS = { value: 'text', description: 'text', api: 'text', roles: 'texts', retired: 'yes-no' } as const

type Kind = 'text' | 'texts' | 'yes-no' | 'list'
const KIND_WORDS: Record<Kind, string> = {
  text: 'a text in quotes',
  texts: 'a list of texts',
  'yes-no': 'true or false',
  list: 'a list',
}

/** Reads a text of JSON as a catalogue. Only the shape is judged here; the server judges the rest, all at once. */
export function readText(text: string): { document: Document } | { faults: TextFault[] } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { faults: [{ at: '', message: `This is not JSON. ${error instanceof Error ? error.message : ''}`.trim() }] }
  }
  const faults: TextFault[] = []
  const apis = check(value, '', { apis: 'list', scopes: 'list' }, faults)
  if (apis) {
    const { apis: list, scopes } = value as { apis?: unknown[]; scopes?: unknown[] }
    list?.forEach((api, place) => {
      if (!check(api, `apis[${place}]`, API_MEMBERS, faults)) return
      const { routes } = api as { routes?: unknown[] }
      routes?.forEach((route, at) => check(route, `apis[${place}].routes[${at}]`, ROUTE_MEMBERS, faults))
    })
    scopes?.forEach((scope, place) => check(scope, `scopes[${place}]`, SCOPE_MEMBERS, faults))
  }
  return faults.length > 0 ? { faults } : { document: filled(value as Catalogue) }
}

/** Notes what is wrong with an object's members; false when what is within it cannot be looked at. */
function check(value: unknown, at: string, members: Record<string, Kind>, faults: TextFault[]): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    faults.push({ at, message: 'Here an object in braces is due.' })
    return false
  }
  let whole = true
  for (const [name, member] of Object.entries(value)) {
    const kind = members[name]
    const where = at ? `${at}.${name}` : name
    if (!kind) {
      faults.push({ at: where, message: 'There is no such member. Correct its spelling, or leave it out.' })
    } else if (!isKind(member, kind)) {
      faults.push({ at: where, message: `Here ${KIND_WORDS[kind]} is due.` })
      if (kind === 'list') whole = false
    }
  }
  return whole
}

function isKind(value: unknown, kind: Kind): boolean {
  if (kind === 'text') return typeof value === 'string'
  if (kind === 'yes-no') return typeof value === 'boolean'
  return Array.isArray(value) && (kind === 'list' || value.every((one) => typeof one === 'string'))
}
