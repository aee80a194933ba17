import { queryOptions, useQuery } from '@tanstack/react-query'
import type { ApiClient } from '../api/client'
import type { Api, ApiList, Scope, ScopeList } from '../api/types'
import { useSession } from '../session/session'

const MANAGEMENT_PREFIX = 'claviger:'

/** Whether a scope opens Claviger's own management API; those never mix with others in one token. */
export function isManagement(scope: string): boolean {
  return scope.startsWith(MANAGEMENT_PREFIX)
}

/** The scopes of one API, for the picker. */
export interface ScopeGroup {
  label: string
  items: Scope[]
}

/** Every scope of the installation, and what the signed-in person may give. */
export interface ScopeCatalogue {
  byValue: ReadonlyMap<string, Scope>
  /** On offer, without Claviger's own, grouped by API. */
  groups: ScopeGroup[]
  /** On offer, Claviger's own. */
  management: Scope[]
  /** How many scopes only an admin could give. */
  adminOnly: number
}

export function buildCatalogue(scopes: readonly Scope[], apis: readonly Pick<Api, 'id' | 'name'>[]): ScopeCatalogue {
  const names = new Map(apis.map((api) => [api.id, api.name]))
  const groups = new Map<string, ScopeGroup>()
  const management: Scope[] = []
  let adminOnly = 0
  for (const scope of scopes) {
    if (scope.retired) continue
    if (!scope.on_offer) {
      if (!isManagement(scope.value)) adminOnly++
    } else if (isManagement(scope.value)) {
      management.push(scope)
    } else {
      const group = groups.get(scope.api) ?? { label: names.get(scope.api) ?? scope.api, items: [] }
      group.items.push(scope)
      groups.set(scope.api, group)
    }
  }
  const sorted = [...groups.values()].sort((one, other) => one.label.localeCompare(other.label, 'en'))
  return { byValue: new Map(scopes.map((scope) => [scope.value, scope])), groups: sorted, management, adminOnly }
}

/** Why there is nothing to choose and what helps, or undefined where scopes are on offer. */
export function nothingOnOffer({ groups, adminOnly }: Pick<ScopeCatalogue, 'groups' | 'adminOnly'>): string | undefined {
  if (groups.length > 0) return undefined
  if (adminOnly > 0) return 'No scope of an API is on offer to your role. An admin can give them.'
  return 'There are no APIs and scopes yet. The operator of this server adds them: claviger catalogue apply FILE'
}

/** Whether a scope answers to what was typed: every word somewhere in description, value or API name. */
export function matchesScope(scope: Scope, apiName: string, query: string): boolean {
  const text = `${scope.description} ${scope.value} ${apiName}`.toLowerCase()
  return query.toLowerCase().split(/\s+/).every((word) => text.includes(word))
}

/** The scopes a token may ask for at once: Claviger's own only when the credential holds nothing else. */
export function tokenScopes(scopes: readonly string[]): string[] {
  const others = scopes.filter((scope) => !isManagement(scope))
  return others.length > 0 ? others : [...scopes]
}

function catalogueQuery(api: ApiClient) {
  return queryOptions({
    queryKey: [api.accountID, 'scopes'],
    queryFn: async ({ signal }) => {
      const [{ scopes }, { apis }] = await Promise.all([
        api.get<ScopeList>('/scopes?all=true', signal),
        api.get<ApiList>('/apis', signal),
      ])
      return { scopes, apis }
    },
    // Whoever sees no APIs is about to apply a catalogue, and looks again.
    staleTime: (query) => (query.state.data?.apis.length ? 60_000 : 0),
  })
}

export function useScopeCatalogue() {
  return useQuery({ ...catalogueQuery(useSession().api), select: catalogueOf })
}

function catalogueOf({ scopes, apis }: ScopesAndApis): ScopeCatalogue {
  return buildCatalogue(scopes, apis)
}

/** Everything there is, as the server lists it. */
export interface ScopesAndApis {
  scopes: Scope[]
  apis: Api[]
}

export function useScopesAndApis() {
  return useQuery(catalogueQuery(useSession().api))
}
