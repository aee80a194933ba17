import type { Scope } from '../api/types'
import { Badge } from '../ui/badge'
import { isManagement } from './catalogue'

/** Whose credentials may hold a scope. */
export function holderWords(scope: Scope): string {
  if (scope.retired) return 'Nobody any more'
  return scope.roles.includes('supervisor') ? 'Admins and supervisors' : 'Admins'
}

/** The name of the API a scope belongs to. */
export function apiNameOf(scope: Scope, names: ReadonlyMap<string, string>): string {
  return isManagement(scope.value) ? 'Claviger itself' : (names.get(scope.api) ?? scope.api)
}

/** What a scope is to the person who looks. */
export function OfferBadge({ scope }: { scope: Scope }) {
  if (scope.retired) return <Badge colour="warn">Retired</Badge>
  return scope.on_offer ? <Badge colour="ok">On offer to you</Badge> : <Badge colour="quiet">Not on offer</Badge>
}
