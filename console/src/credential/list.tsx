import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { lazy, Suspense, useState, type ReactNode } from 'react'
import { useLocation, useSearch } from 'wouter'
import { navigate } from 'wouter/use-browser-location'
import { Problem } from '../api/problem'
import type { Account, CredentialList, Level, ListedCredential } from '../api/types'
import { usePaths } from '../session/paths'
import { useSession } from '../session/session'
import { Button } from '../ui/button'
import { Loading } from '../ui/loading'
import { Notice } from '../ui/notice'
import { PageHeader } from '../ui/page'
import { useCredentialActions } from './actions'
import { AttentionBar } from './attention-bar'
import { EmptyList, NothingFound } from './empty'
import { EXPORT_PAGE_SIZE, useExport } from './export'
import { DEFAULT_FILTER, isNarrowed, listQuery, parseFilter, type CredentialFilter } from './filter'
import { levelsOnOffer } from './level'
import { Pager } from '../ui/pager'
import { countQueryOptions, listQueryOptions, totalOf } from './queries'
import { SelectionBar, useSelection } from './selection'
import { CredentialTable, ListSkeleton, type CredentialTableProps } from './table'
import { CredentialTabs, CredentialToolbar } from './toolbar'

// Apart from the page's first load, and fetched as soon as the page stands.
const CreateDialog = lazy(() => import('./create'))
const BulkDisableDialog = lazy(() => import('./bulk'))

interface ListPageProps {
  account: Account
  onHelp: () => void
}

/** The page API Credentials. */
export function CredentialListPage({ account, onHelp }: ListPageProps) {
  const { me, api } = useSession()
  const filter = parseFilter(useSearch())
  const setFilter = useSetFilter()
  const tabs = useTabs(account)
  const level: Level = tabs.shown && filter.tab === 'accounts' ? 'account' : 'user'
  const shown: CredentialFilter = { ...filter, tab: level === 'account' ? 'accounts' : 'users' }
  const query = listQuery(shown, me)
  const list = useQuery(listQueryOptions(api, query))
  const exported = useExport(api, listQuery({ ...shown, pageToken: '' }, me, EXPORT_PAGE_SIZE))
  const [creating, setCreating] = useState(false)
  const { start, dialogs } = useCredentialActions()
  const mayCreate = level === 'user' || account.account_level_credentials === 'open'
  const create = () => setCreating(true)
  // With nothing to search in, there is nothing to search with.
  const bare = list.data?.credentials.length === 0 && !isNarrowed(filter) && !filter.pageToken
  return (
    <>
      <PageHeader
        title="API Credentials"
        actions={
          mayCreate && (
            <Button look="primary" icon={<Plus className="size-4" aria-hidden="true" />} onClick={create}>
              Create New
            </Button>
          )
        }
      >
        A client ID and secret let a program call your APIs. Scopes decide which APIs it may reach.{' '}
        <button type="button" onClick={onHelp} className="rounded-sm text-accent-text underline underline-offset-2">
          How it works
        </button>
      </PageHeader>
      {tabs.shown && (
        <CredentialTabs
          tab={filter.tab}
          counts={tabs.counts}
          onChoose={(tab) => setFilter({ ...filter, tab, mine: false, pageToken: '' })}
        />
      )}
      {level === 'account' && !mayCreate && (
        <Notice kind="info" className="mb-4">
          This account no longer makes account-level credentials. Those it has keep working; programs new to it use
          user-level ones.
        </Notice>
      )}
      {!bare && <AttentionBar account={account} filter={shown} setFilter={setFilter} />}
      {!bare && (
        <CredentialToolbar
          filter={filter}
          setFilter={setFilter}
          ownerChoice={me.role === 'admin' && level === 'user'}
          total={list.data && totalOf(list.data)}
          exported={exported}
        />
      )}
      <ListBody
        query={query}
        list={list}
        filter={filter}
        level={level}
        setFilter={setFilter}
        {...(mayCreate && { create })}
        start={start}
      />
      <Suspense>
        <CreateDialog
          open={creating}
          level={level}
          levels={levelsOnOffer(me, account)}
          onCreated={(made) =>
            made !== level && setFilter({ ...DEFAULT_FILTER, tab: made === 'account' ? 'accounts' : 'users' }, true)
          }
          onClose={() => setCreating(false)}
        />
      </Suspense>
      {dialogs}
    </>
  )
}

/** Changes what is listed. Another page is a step to go back from; anything else replaces the step. */
function useSetFilter(): (next: CredentialFilter, replace?: boolean) => void {
  const paths = usePaths()
  const [, go] = useLocation()
  return (next, replace = false) => go(paths.credentials(next), { replace })
}

/** Whether there is an Accounts tab: for admins, where such credentials exist or may be made (rule R3). */
function useTabs(account: Account) {
  const { me, api } = useSession()
  const admin = me.role === 'admin'
  const users = useQuery({ ...countQueryOptions(api, 'user'), enabled: admin })
  const accounts = useQuery({ ...countQueryOptions(api, 'account'), enabled: admin })
  const some = accounts.data !== undefined && accounts.data.count > 0
  return {
    shown: admin && (some || account.account_level_credentials === 'open'),
    counts: { users: users.data, accounts: accounts.data },
  }
}

interface ListBodyProps {
  /** Names what is listed. */
  query: string
  list: UseQueryResult<CredentialList>
  filter: CredentialFilter
  level: Level
  setFilter: (next: CredentialFilter, replace?: boolean) => void
  create?: () => void
  start: ReturnType<typeof useCredentialActions>['start']
}

function ListBody({ query, list, filter, level, setFilter, create, start }: ListBodyProps) {
  const { me } = useSession()
  const paths = usePaths()
  const firstPage = { ...filter, pageToken: '' }
  if (list.error && !list.data) {
    const stale = list.error instanceof Problem && list.error.status === 400 && filter.pageToken !== ''
    if (!stale) return <Loading query={list} what="API credentials" />
    return (
      <Notice kind="warn">
        <p>This page of the list is no longer to be had.</p>
        <Button className="mt-2" onClick={() => setFilter(firstPage, true)}>
          Go to the first page
        </Button>
      </Notice>
    )
  }
  if (!list.data) return <ListSkeleton />
  if (list.data.credentials.length === 0) {
    if (isNarrowed(filter) || filter.pageToken) {
      const clear = () => setFilter({ ...firstPage, search: '', status: '', scope: '', attention: '', mine: false })
      return <NothingFound onClear={clear} />
    }
    return <EmptyList level={level} {...(create && { onCreate: create })} />
  }
  return (
    <Rows
      view={query}
      credentials={list.data.credentials}
      stale={list.isPlaceholderData}
      paged={filter.pageToken !== '' || list.data.next_page_token !== null}
      filter={filter}
      showOwner={me.role === 'admin' && level === 'user'}
      onSort={(sort, descending) => setFilter({ ...firstPage, sort, descending }, true)}
      start={start}
    >
      <Pager
        pageToken={filter.pageToken}
        nextToken={list.data.next_page_token ?? ''}
        onGo={(pageToken, trail) => {
          navigate(paths.credentials({ ...filter, pageToken }), { state: { trail } })
          window.scrollTo(0, 0)
        }}
      />
    </Rows>
  )
}

interface RowsProps extends Omit<CredentialTableProps, 'selection'> {
  view: string
  /** Of the view before; what is listed now is still being read. */
  stale: boolean
  /** There are pages before or behind. */
  paged: boolean
  children: ReactNode
}

/** The rows that are shown, and what is done with those that are chosen. */
function Rows({ view, stale, paged, children, ...table }: RowsProps) {
  const { credentials, filter } = table
  // Advice is for those that were listed for it: rows of the view before get none, nor lose theirs.
  const [attention, setAttention] = useState(filter.attention)
  if (!stale && attention !== filter.attention) setAttention(filter.attention)
  const selection = useSelection(view)
  const chosen = credentials.filter(({ client_id }) => selection.chosen.has(client_id))
  const [disabling, setDisabling] = useState<{ credentials: ListedCredential[]; open: boolean }>()
  return (
    <div className={stale ? 'opacity-60 transition-opacity duration-150' : undefined}>
      <CredentialTable {...table} filter={{ ...filter, attention }} selection={selection} />
      {children}
      {chosen.length > 0 && (
        <SelectionBar
          count={chosen.length}
          paged={paged}
          onDisable={() => setDisabling({ credentials: chosen, open: true })}
          onClear={selection.clear}
        />
      )}
      {disabling && (
        <Suspense>
          <BulkDisableDialog
            credentials={disabling.credentials}
            open={disabling.open}
            onClose={() => setDisabling({ ...disabling, open: false })}
            onClosed={() => {
              setDisabling(undefined)
              selection.clear()
            }}
          />
        </Suspense>
      )}
    </div>
  )
}
