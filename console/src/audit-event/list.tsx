import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { SearchX } from 'lucide-react'
import { useLocation, useSearch } from 'wouter'
import { navigate } from 'wouter/use-browser-location'
import { Problem } from '../api/problem'
import type { AuditEventList } from '../api/types'
import { usePaths } from '../session/paths'
import { useSession } from '../session/session'
import { Button } from '../ui/button'
import { Loading } from '../ui/loading'
import { Notice } from '../ui/notice'
import { PageHeader } from '../ui/page'
import { Pager } from '../ui/pager'
import { DEFAULT_FILTER, eventsQuery, isNarrowed, parseFilter, type AuditFilter } from './filter'
import { eventsQueryOptions } from './queries'
import { EventSkeleton, EventTable } from './table'
import { AuditToolbar } from './toolbar'

/** The page Audit log, for admins: what was done and refused in the account. */
export default function AuditLogPage() {
  const { api } = useSession()
  const filter = parseFilter(useSearch())
  const setFilter = useSetFilter()
  const events = useQuery(eventsQueryOptions(api, eventsQuery(filter)))
  return (
    <>
      <PageHeader title="Audit log">
        Who did what in this account, when and from where. Nobody can change it. A refusal appears within a minute or two.
      </PageHeader>
      <AuditToolbar filter={filter} setFilter={setFilter} events={events.data?.audit_events ?? []} />
      <EventsBody events={events} filter={filter} setFilter={setFilter} />
    </>
  )
}

/** Changes what is listed, as a step to go back from. */
function useSetFilter(): (next: AuditFilter) => void {
  const paths = usePaths()
  const [, go] = useLocation()
  return (next) => go(paths.auditLog(next))
}

interface BodyProps {
  events: UseQueryResult<AuditEventList>
  filter: AuditFilter
  setFilter: (next: AuditFilter) => void
}

function EventsBody({ events, filter, setFilter }: BodyProps) {
  const paths = usePaths()
  if (events.error && !events.data) {
    const stale = events.error instanceof Problem && events.error.status === 400 && filter.pageToken !== ''
    if (!stale) return <Loading query={events} what="audit log" />
    return (
      <Notice kind="warn">
        <p>This page of the log is no longer to be had.</p>
        <Button className="mt-2" onClick={() => setFilter({ ...filter, pageToken: '' })}>
          Go to the newest
        </Button>
      </Notice>
    )
  }
  if (!events.data) return <EventSkeleton />
  if (events.data.audit_events.length === 0) {
    return <NothingFound narrowed={isNarrowed(filter)} onClear={() => setFilter(DEFAULT_FILTER)} />
  }
  return (
    <div className={events.isPlaceholderData ? 'opacity-60 transition-opacity duration-150' : undefined}>
      <EventTable
        events={events.data.audit_events}
        onNarrow={(part) => {
          setFilter({ ...DEFAULT_FILTER, ...part })
          window.scrollTo(0, 0)
        }}
      />
      <Pager
        pageToken={filter.pageToken}
        nextToken={events.data.next_page_token ?? ''}
        onGo={(pageToken, trail) => {
          navigate(paths.auditLog({ ...filter, pageToken }), { state: { trail } })
          window.scrollTo(0, 0)
        }}
      />
    </div>
  )
}

function NothingFound({ narrowed, onClear }: { narrowed: boolean; onClear: () => void }) {
  return (
    <section className="flex flex-col items-center rounded-card border border-line bg-surface px-6 py-14 text-center">
      <SearchX className="size-6 text-muted" aria-hidden="true" />
      <h2 className="mt-3 font-semibold">{narrowed ? 'No event matches' : 'Nothing has happened yet'}</h2>
      {narrowed && (
        <>
          <p className="mt-1 text-muted">An e-mail address or an ID must be given whole.</p>
          <Button className="mt-4" onClick={onClear}>
            Clear the filters
          </Button>
        </>
      )}
    </section>
  )
}
