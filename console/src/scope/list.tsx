import { Pencil, SearchX } from 'lucide-react'
import { Link, useLocation, useSearch } from 'wouter'
import { usePaths } from '../session/paths'
import { useSession } from '../session/session'
import { Button, buttonClasses } from '../ui/button'
import { Loading } from '../ui/loading'
import { PageHeader } from '../ui/page'
import { SearchBox } from '../ui/search-box'
import { Tab, TabBar } from '../ui/tabs'
import { AnswerView } from './answer'
import { ApiList, type ShownApi } from './apis'
import { matchesScope, nothingOnOffer, useScopesAndApis, type ScopesAndApis } from './catalogue'
import { parseFilter, type CatalogueFilter } from './filter'
import { apiNameOf } from './holders'
import { CATALOGUE_WRITE } from './right'
import { matchesRoute, parseQuestion } from './route'
import { ScopeTable } from './table'

/** The page Scopes & APIs: what there is to call, and what opens it. For everyone. */
export default function ScopesPage() {
  const { me } = useSession()
  const paths = usePaths()
  const filter = parseFilter(useSearch())
  const setFilter = useSetFilter()
  const catalogue = useScopesAndApis()
  const question = parseQuestion(filter.search)
  return (
    <>
      <PageHeader
        title="Scopes & APIs"
        actions={
          me.scopes.includes(CATALOGUE_WRITE) && (
            <Link href={paths.catalogue()} className={buttonClasses('secondary', 'hover:bg-hover')}>
              <Pencil className="size-4" aria-hidden="true" />
              Edit catalogue
            </Link>
          )
        }
      >
        A scope opens routes of an API; any one of a route’s scopes suffices.
        {me.role === 'agent' && ' The role agent has no API credentials of its own: an admin or a supervisor creates them.'}
      </PageHeader>
      <div role="search" className="mb-4">
        <SearchBox
          wide
          what="Which scope for GET /users?"
          maxLength={2048}
          value={filter.search}
          onSearch={(search) => setFilter({ ...filter, search })}
        />
        <p className="mt-1.5 text-sm text-muted">Type a method and a path, an address, or words of a scope or an API.</p>
      </div>
      {!catalogue.data ? (
        <Loading query={catalogue} what="scopes and APIs" />
      ) : question ? (
        <AnswerView question={question} catalogue={catalogue.data} />
      ) : (
        <Browse filter={filter} setFilter={setFilter} catalogue={catalogue.data} />
      )}
    </>
  )
}

function useSetFilter(): (next: CatalogueFilter) => void {
  const paths = usePaths()
  const [, go] = useLocation()
  return (next) => go(paths.scopes(next), { replace: true })
}

interface BrowseProps {
  filter: CatalogueFilter
  setFilter: (next: CatalogueFilter) => void
  catalogue: ScopesAndApis
}

/** The tabs Scopes and APIs, narrowed by the words that were typed. */
function Browse({ filter, setFilter, catalogue }: BrowseProps) {
  const { scopes, apis } = narrowed(catalogue, filter.search.trim())
  const empty = filter.tab === 'apis' ? apis.length === 0 : scopes.length === 0
  return (
    <>
      <TabBar label="What to list" value={filter.tab} onChoose={(tab) => setFilter({ ...filter, tab })}>
        <Tab value="scopes" count={String(scopes.length)}>
          Scopes
        </Tab>
        <Tab value="apis" count={String(apis.length)}>
          APIs
        </Tab>
      </TabBar>
      {empty ? (
        <Nothing filter={filter} setFilter={setFilter} />
      ) : filter.tab === 'apis' ? (
        <ApiList key={filter.search} shown={apis} />
      ) : (
        <ScopeTable scopes={scopes} apis={catalogue.apis} />
      )}
    </>
  )
}

function narrowed({ scopes, apis }: ScopesAndApis, search: string): { scopes: ScopesAndApis['scopes']; apis: ShownApi[] } {
  const names = new Map(apis.map((api) => [api.id, api.name]))
  if (!search) return { scopes, apis: apis.map((api) => ({ api, routes: api.routes })) }
  return {
    scopes: scopes.filter((scope) => matchesScope(scope, apiNameOf(scope, names), search)),
    apis: apis
      .map((api) => ({ api, routes: api.routes.filter((route) => matchesRoute(api, route, search)) }))
      .filter(({ routes }) => routes.length > 0),
  }
}

function Nothing({ filter, setFilter }: Omit<BrowseProps, 'catalogue'>) {
  if (!filter.search) return <p className="text-muted">{nothingOnOffer({ groups: [], adminOnly: 0 })}</p>
  return (
    <section className="flex flex-col items-center rounded-card border border-line bg-surface px-6 py-14 text-center">
      <SearchX className="size-6 text-muted" aria-hidden="true" />
      <h2 className="mt-3 font-semibold">{filter.tab === 'apis' ? 'No route matches' : 'No scope matches'}</h2>
      <p className="mt-1 text-muted">Look in the other tab, or type a method and a path, as GET /users.</p>
      <Button className="mt-4" onClick={() => setFilter({ ...filter, search: '' })}>
        Clear the search
      </Button>
    </section>
  )
}
