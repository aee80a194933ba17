import { scopeDifference } from '../scope/difference'
import type { ApiEntry, Document, RouteEntry, ScopeEntry } from './document'

export type ChangeKind = 'added' | 'changed' | 'removed' | 'retired' | 'restored'

/** One thing that saving would change, and what that starts or stops. */
export interface Change {
  kind: ChangeKind
  what: 'API' | 'Route' | 'Scope'
  name: string
  /** The API of a route. */
  of?: string
  effects: string[]
  /** A scope whose holders the change touches. */
  scope?: string
}

/** What saving `after` over `before` changes, APIs first. The order of entries means nothing and is no change. */
export function difference(before: Document, after: Document): Change[] {
  return [...apiChanges(before, after), ...scopeChanges(before, after)]
}

function pairs<T>(before: readonly T[], after: readonly T[], key: (entry: T) => string): [T | undefined, T | undefined][] {
  const was = new Map(before.map((entry) => [key(entry), entry]))
  const is = new Map(after.map((entry) => [key(entry), entry]))
  return [...new Set([...was.keys(), ...is.keys()])].map((name) => [was.get(name), is.get(name)])
}

function apiChanges(before: Document, after: Document): Change[] {
  return pairs(before.apis, after.apis, ({ id }) => id).flatMap(([was, is]) => {
    const name = is?.name || was?.name || is?.id || ''
    const own: Change = { kind: 'changed', what: 'API', name, effects: [] }
    if (!was && is) {
      return [{ ...own, kind: 'added' as const, effects: [`Tokens can be had for ${is.audience}.`, ...routesOf(is)] }]
    }
    if (was && !is) {
      return [{ ...own, kind: 'removed' as const, effects: ['Its routes are gone: enforcement refuses every call to it.'] }]
    }
    if (!was || !is) return []
    const effects = apiEffects(was, is)
    const kind = is.retired === was.retired ? 'changed' : is.retired ? 'retired' : 'restored'
    const changes = effects.length > 0 ? [{ ...own, kind, effects } satisfies Change] : []
    return [...changes, ...routeChanges(was, is)]
  })
}

function routesOf(api: ApiEntry): string[] {
  if (api.routes.length === 0) return ['It has no routes: enforcement refuses every call to it.']
  return [api.routes.length === 1 ? 'It has 1 route.' : `It has ${api.routes.length} routes.`]
}

function apiEffects(was: ApiEntry, is: ApiEntry): string[] {
  const effects: (string | false)[] = [
    is.retired && !was.retired && 'Enforcement refuses every call to it, and its scopes grant nothing.',
    !is.retired && was.retired && 'Its routes open again, and its scopes grant what they did.',
    is.name !== was.name && `It is called ${is.name || is.id}; it was ${was.name}.`,
    is.audience !== was.audience && `Tokens are for ${is.audience}; those for ${was.audience} are refused.`,
    is.base_path !== was.base_path && `Its paths begin with ${is.base_path || '/'}; they began with ${was.base_path || '/'}.`,
    !sameList(is.hosts, was.hosts) && `It answers on ${is.hosts.length > 0 ? is.hosts.join(', ') : 'any host'}.`,
    is.upstream !== was.upstream && (is.upstream ? `The gateway sends its calls to ${is.upstream}.` : 'The gateway sends it no calls any more.'),
    is.direct_credentials !== was.direct_credentials &&
      (is.direct_credentials
        ? 'Programs may send client ID and secret themselves.'
        : 'Programs that send client ID and secret themselves are refused; they need a token.'),
    is.forward_authorization !== was.forward_authorization &&
      (is.forward_authorization ? 'The gateway passes the token on to it.' : 'The gateway no longer passes the token on to it.'),
    !sameList(is.accounts, was.accounts) &&
      (is.accounts.length > 0
        ? `Only these accounts may hold its scopes: ${is.accounts.join(', ')}. Credentials of others lose them at once.`
        : 'Every account may hold its scopes.'),
  ]
  return effects.filter((effect) => effect !== false)
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((entry) => other.includes(entry))
}

export function routeName({ methods, path }: Pick<RouteEntry, 'methods' | 'path'>): string {
  return `${methods.length > 0 ? [...methods].sort().join(', ') : 'Any method'} ${path}`
}

function routeChanges(was: ApiEntry, is: ApiEntry): Change[] {
  return pairs(was.routes, is.routes, routeName).flatMap(([old, now]): Change[] => {
    const own = { what: 'Route' as const, of: is.name || is.id }
    if (!old && now) return [{ ...own, kind: 'added', name: routeName(now), effects: [`It opens to ${anyOf(now.scopes)}.`] }]
    if (old && !now) {
      return [{ ...own, kind: 'removed', name: routeName(old), effects: ['Such calls are refused, unless another route takes them.'] }]
    }
    if (!old || !now) return []
    const { added, removed } = scopeDifference(old.scopes, now.scopes)
    const effects = [
      ...(added.length > 0 ? [`It opens to ${anyOf(added)} now.`] : []),
      ...(removed.length > 0 ? [`It no longer opens to ${anyOf(removed)}.`] : []),
    ]
    return effects.length > 0 ? [{ ...own, kind: 'changed', name: routeName(now), effects }] : []
  })
}

function anyOf(scopes: readonly string[]): string {
  return scopes.length > 0 ? scopes.join(' or ') : 'no scope'
}

function scopeChanges(before: Document, after: Document): Change[] {
  return pairs(before.scopes, after.scopes, ({ value }) => value).flatMap(([was, is]): Change[] => {
    const value = is?.value ?? was?.value ?? ''
    const own = { what: 'Scope' as const, name: value }
    if (!was && is) return [{ ...own, kind: 'added', effects: [holders(is)] }]
    if (was && !is) {
      return [{ ...own, kind: 'removed', scope: value, effects: ['It leaves the catalogue. That is refused while any credential holds it.'] }]
    }
    if (!was || !is) return []
    const effects = scopeEffects(was, is)
    if (effects.length === 0) return []
    const kind = is.retired === was.retired ? 'changed' : is.retired ? 'retired' : 'restored'
    const touches = kind !== 'changed' || losesSupervisors(was, is) || is.api !== was.api
    return [{ ...own, kind, effects, ...(touches && { scope: value }) }]
  })
}

function losesSupervisors(was: ScopeEntry, is: ScopeEntry): boolean {
  return was.roles.includes('supervisor') && !is.roles.includes('supervisor')
}

function holders({ roles, retired }: ScopeEntry): string {
  if (retired) return 'It is retired: nobody can be given it.'
  return roles.includes('supervisor') ? 'Admins and supervisors may give it to credentials.' : 'Admins may give it to credentials.'
}

function scopeEffects(was: ScopeEntry, is: ScopeEntry): string[] {
  const effects: (string | false)[] = [
    is.retired &&
      !was.retired &&
      'Credentials keep it without effect, tokens lose it at once, and a credential that holds nothing else is suspended.',
    !is.retired && was.retired && 'Credentials that kept it may use it again at once.',
    is.description !== was.description && `People read: “${is.description}”.`,
    is.api !== was.api && `It belongs to the API ${is.api}; it was ${was.api}’s. Tokens for it carry that API’s audience.`,
    losesSupervisors(was, is) && 'Supervisors’ credentials that hold it lose it at once.',
    losesSupervisors(is, was) && 'Supervisors may give it to credentials.',
  ]
  return effects.filter((effect) => effect !== false)
}
