import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import type { ReactNode } from 'react'
import { useLocation, useSearch } from 'wouter'
import type { Credential, Usage } from '../api/types'
import { isAbsent } from '../credential/actions'
import { BackLink } from '../credential/back-link'
import { credentialQueryOptions } from '../credential/queries'
import { fileName } from '../credential/snippet'
import { ExplainLink } from '../explanation/link'
import { mayExplain } from '../explanation/right'
import { usePaths } from '../session/paths'
import { useSession } from '../session/session'
import { Button } from '../ui/button'
import { Card } from '../ui/card'
import { ChoiceButton } from '../ui/choice'
import { csv } from '../ui/csv'
import { download } from '../ui/download'
import { Loading } from '../ui/loading'
import { PageHeader } from '../ui/page'
import { Segments } from '../ui/segments'
import { Breakdown } from './breakdown'
import { UsageChart } from './chart'
import { countsOf, narrowed, slotted, totalOf, type Count } from './count'
import { NoCalls, NoneInRange } from './empty'
import { usageRows } from './export'
import { usageQueryOptions } from './queries'
import { Totals } from './totals'
import { kindOf, parseView, RANGES, slotsOf, unitOf, type Unit, type UsageView } from './view'
import { outcomeWords, RANGE_WORDS } from './words'

/** The page of a credential's usage: how often, by what, with which outcome. */
export default function UsagePage({ clientID, absent }: { clientID: string; absent: ReactNode }) {
  const { api } = useSession()
  const credential = useQuery(credentialQueryOptions(api, clientID))
  const view = parseView(useSearch())
  const now = useFullMinute()
  const slots = slotsOf(view, now)
  const usage = useQuery(usageQueryOptions(api, clientID, slots[0] ?? 0))
  if (isAbsent(credential.error)) return <>{absent}</>
  if (!credential.data) return <Loading query={credential} what="API credential" />
  return (
    <>
      <BackLink clientID={clientID}>{credential.data.value.name}</BackLink>
      <PageHeader title={`Usage of ${credential.data.value.name}`}>
        What its programs did: tokens they got, calls that enforcement let through, and what was refused.
      </PageHeader>
      <Body credential={credential.data.value} usage={usage} view={view} slots={slots} />
    </>
  )
}

/** The present, by the minute, so that a page drawn anew asks for the same span. */
function useFullMinute(): number {
  return Math.floor(Date.now() / 60_000) * 60_000
}

interface BodyProps {
  credential: Credential
  usage: UseQueryResult<Usage>
  view: UsageView
  slots: readonly number[]
}

function Body({ credential, usage, view, slots }: BodyProps) {
  const setView = useSetView(credential.client_id)
  if (!usage.data && usage.error) return <Loading query={usage} what="usage" />
  const all = usage.data && narrowed(countsOf(usage.data, view.unit), slots, { outcome: '', scope: '' })
  if (all?.length === 0 && !credential.last_used_at) return <NoCalls credential={credential} />
  return (
    <div className="flex flex-col gap-5">
      <Toolbar credential={credential} view={view} setView={setView} counts={all} />
      <Totals credential={credential} counts={all} />
      <Card title="Over time">
        {!all ? (
          <Loading query={usage} what="usage" />
        ) : all.length === 0 ? (
          <NoneInRange credential={credential} view={view} setView={setView} />
        ) : (
          <Charts all={all} view={view} slots={slots} setView={setView} stale={usage.isPlaceholderData} />
        )}
      </Card>
      {all && all.length > 0 && (
        <Card title="What it was">
          <Breakdown counts={all} view={view} onChoose={(part) => setView({ ...view, ...part })} />
          {all.some(({ outcome }) => kindOf(outcome) === 'refused') && <Refused clientID={credential.client_id} />}
        </Card>
      )}
    </div>
  )
}

/** For those who may ask why: the refused answer says which rule it was. */
function Refused({ clientID }: { clientID: string }) {
  const { me } = useSession()
  if (!mayExplain(me)) return null
  return (
    <p className="mt-4 border-t border-line pt-3.5 text-sm text-muted">
      Which rule refused a call? <ExplainLink>Ask with the request ID of its answer</ExplainLink>, or{' '}
      <ExplainLink call={{ clientID }}>try a call</ExplainLink>.
    </p>
  )
}

function useSetView(clientID: string): (view: UsageView) => void {
  const paths = usePaths()
  const [, go] = useLocation()
  return (view) => go(paths.usage(clientID, view), { replace: true })
}

interface ToolbarProps {
  credential: Credential
  view: UsageView
  setView: (view: UsageView) => void
  counts: readonly Count[] | undefined
}

const UNITS: readonly { value: Unit; label: string }[] = [
  { value: 'day', label: 'Per day' },
  { value: 'hour', label: 'Per hour' },
]

function Toolbar({ credential, view, setView, counts }: ToolbarProps) {
  const save = () =>
    download(
      fileName(`usage ${credential.name} ${view.range}`, 'csv'),
      'text/csv;charset=utf-8',
      csv(usageRows(counts ?? [], view.unit)),
    )
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Segments
        label="How far back"
        value={view.range}
        choices={RANGES.map((range) => ({ value: range, label: RANGE_WORDS[range] }))}
        onChoose={(range) => setView({ ...view, range, unit: unitOf(range, view.unit) })}
      />
      {view.range === '14d' && (
        <ChoiceButton label="Per" value={view.unit} choices={UNITS} onChoose={(unit) => setView({ ...view, unit })} />
      )}
      <Button
        className="ml-auto max-sm:ml-0"
        disabled={!counts || counts.length === 0}
        icon={<Download className="size-4" aria-hidden="true" />}
        onClick={save}
      >
        Download CSV
      </Button>
    </div>
  )
}

interface ChartsProps {
  all: readonly Count[]
  view: UsageView
  slots: readonly number[]
  setView: (view: UsageView) => void
  stale: boolean
}

function Charts({ all, view, slots, setView, stale }: ChartsProps) {
  const shown = slotted(narrowed(all, slots, view), slots)
  const only = [view.outcome && outcomeWords(view.outcome).name, view.scope].filter(Boolean).join(' · ')
  const total = shown.reduce((sum, slot) => sum + totalOf(slot), 0)
  return (
    <div className={stale ? 'opacity-60' : undefined}>
      {only && (
        <p role="status" className="mb-3 flex flex-wrap items-center gap-2 text-sm">
          <span>
            Only <span className="font-medium">{only}</span>: {total.toLocaleString('en')}
          </span>
          <button
            type="button"
            onClick={() => setView({ ...view, outcome: '', scope: '' })}
            className="min-h-6 rounded-sm text-accent-text underline underline-offset-2"
          >
            Show all
          </button>
        </p>
      )}
      <UsageChart
        slots={shown}
        unit={view.unit}
        title={`Usage ${view.unit === 'hour' ? 'by hour' : 'by day'}, ${RANGE_WORDS[view.range]}${only && `, only ${only}`}`}
      />
    </div>
  )
}
