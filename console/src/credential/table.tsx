import { ArrowDown, ArrowUp, ChevronsUpDown } from 'lucide-react'
import { Link } from 'wouter'
import type { Credential, ListedCredential } from '../api/types'
import { ScopeChips } from '../scope/chip'
import { usePaths } from '../session/paths'
import { useSession } from '../session/session'
import { classes } from '../ui/classes'
import { CopyIcon } from '../ui/copy'
import { Email } from '../ui/email'
import { Bar } from '../ui/loading'
import { useWide } from '../ui/media'
import { COLUMN_HEAD, ColumnHead, TABLE_HEAD, TABLE_ROW } from '../ui/table'
import { Ago } from '../ui/time'
import { CredentialMenu, type StartAction } from './actions'
import { AdviceLine } from './attention-bar'
import type { Attention, CredentialFilter, SortField } from './filter'
import { ownerWords, owns } from './permission'
import { SelectBox, type Selection } from './selection'
import { callsWords, Sparkline } from './sparkline'
import { StatusBadge } from './status'

export interface CredentialTableProps {
  credentials: readonly ListedCredential[]
  filter: CredentialFilter
  showOwner: boolean
  onSort: (field: SortField, descending: boolean) => void
  selection: Selection
  start: StartAction
}

/** Lists credentials: a table, or cards where a table would not fit. */
export function CredentialTable(props: CredentialTableProps) {
  return useWide() ? <WideTable {...props} /> : <Cards {...props} />
}

function WideTable({ credentials, filter, showOwner, onSort, selection, start }: CredentialTableProps) {
  const sorting = { filter, onSort }
  return (
    <div className="@container relative overflow-hidden rounded-card border border-line bg-surface">
      <table className="w-full table-fixed text-left">
        <caption className="sr-only">API credentials</caption>
        <thead className={TABLE_HEAD}>
          <tr>
            <th scope="col" className="w-11 pl-2">
              <SelectBox label="Choose all that are shown" credentials={credentials} selection={selection} />
            </th>
            <SortHeader field="name" label="Name" {...sorting} className="pl-1" />
            {showOwner && <ColumnHead className="w-[15%]">Owner</ColumnHead>}
            <ColumnHead className="w-[22%]">Scopes</ColumnHead>
            <SortHeader field="created_at" label="Created" {...sorting} className={CREATED} />
            <SortHeader field="last_used_at" label="Last used" {...sorting} className="w-29" />
            <ColumnHead className="w-31">Status</ColumnHead>
            <th scope="col" className="w-11">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {credentials.map((credential) => (
            <Row
              key={credential.client_id}
              credential={credential}
              attention={filter.attention}
              showOwner={showOwner}
              selection={selection}
              start={start}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The column there is room for only in a wide list. */
const CREATED = 'w-28 @max-[58rem]:hidden'

interface SortHeaderProps extends Pick<CredentialTableProps, 'filter' | 'onSort'> {
  field: SortField
  label: string
  className?: string
}

function SortHeader({ field, label, filter, onSort, className }: SortHeaderProps) {
  const sorted = filter.sort === field
  // Names are first sorted from A, times from the newest.
  const descending = sorted ? !filter.descending : field !== 'name'
  const Arrow = sorted ? (filter.descending ? ArrowDown : ArrowUp) : ChevronsUpDown
  return (
    <th
      scope="col"
      aria-sort={sorted ? (filter.descending ? 'descending' : 'ascending') : undefined}
      className={classes(COLUMN_HEAD, className)}
    >
      <button
        type="button"
        onClick={() => onSort(field, descending)}
        className={classes('group -mx-1.5 inline-flex h-7 items-center gap-1 rounded-[0.375rem] px-1.5 hover:text-fg', sorted && 'text-fg')}
      >
        {label}
        <Arrow
          aria-hidden="true"
          className={classes('size-3.5', !sorted && 'opacity-0 group-hover:opacity-100 group-focus-visible:opacity-100')}
        />
      </button>
    </th>
  )
}

interface RowProps {
  credential: ListedCredential
  attention: Attention | ''
  showOwner: boolean
  selection: Selection
  start: StartAction
}

function Row({ credential, attention, showOwner, selection, start }: RowProps) {
  return (
    <>
      <tr className={classes(TABLE_ROW, attention !== '' && 'border-b-0!')}>
        <td className="pl-2">
          <SelectBox label={`Choose ${credential.name}`} credentials={[credential]} selection={selection} />
        </td>
        <td className="py-1 pr-3 pl-1">
          <CredentialLink credential={credential} className="line-clamp-2 leading-5 [overflow-wrap:anywhere]" />
          <ClientID clientID={credential.client_id} />
        </td>
        {showOwner && (
          <td className="px-3 text-muted">
            <Owner credential={credential} />
          </td>
        )}
        <td className="px-3 py-1.5">
          <ScopeChips scopes={credential.scopes} />
        </td>
        <td className={classes('px-3 text-muted', CREATED)}>
          <Ago time={credential.created_at} />
        </td>
        <td className="px-3 text-muted">
          <LastUsed credential={credential} />
        </td>
        <td className="px-3">
          <StatusBadge status={credential.status} />
          <EndsSoon credential={credential} />
        </td>
        <td className="pr-2">
          <span className="relative">
            <CredentialMenu credential={credential} start={start} />
          </span>
        </td>
      </tr>
      {attention && (
        <tr>
          <td />
          {/* Up to the scopes: not all of the columns behind them are there in a narrow list. */}
          <td colSpan={showOwner ? 3 : 2} className="pr-4 pb-3 pl-1">
            <AdviceLine attention={attention} credential={credential} start={start} />
          </td>
        </tr>
      )}
    </>
  )
}

const SOON_MS = 14 * 86_400_000

/** Under the status of one that works, when it ends soon. */
function EndsSoon({ credential }: { credential: Credential }) {
  const end = credential.expires_at
  if (credential.status !== 'active' || !end || Date.parse(end) - Date.now() > SOON_MS) return null
  return (
    <span className="mt-0.5 block text-xs text-warn">
      Ends <Ago time={end} />
    </span>
  )
}

/** The name as a link that covers its whole row, so that a press anywhere on it opens the credential. */
function CredentialLink({ credential, className }: { credential: Credential; className?: string }) {
  const paths = usePaths()
  return (
    <Link
      href={paths.credential(credential.client_id)}
      state={{ list: window.location.search }}
      title={credential.name}
      className={classes(
        'min-h-6 leading-6 font-medium outline-none after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent-text',
        className,
      )}
    >
      {credential.name}
    </Link>
  )
}

/** A client ID by head and tail, which is what people compare; the whole on hover and in the clipboard. */
export function ClientID({ clientID, whole = false }: { clientID: string; whole?: boolean }) {
  return (
    <span className="inline-flex max-w-full items-center gap-0.5">
      <code className="min-w-0 font-mono text-xs break-all text-muted" title={clientID}>
        {whole ? clientID : `${clientID.slice(0, 8)}…${clientID.slice(-4)}`}
      </code>
      <span className="relative inline-flex">
        <CopyIcon small text={clientID} what="client ID" />
      </span>
    </span>
  )
}

function Owner({ credential }: { credential: Credential }) {
  const { me } = useSession()
  if (owns(me, credential)) return <span className="text-fg">You</span>
  const owner = ownerWords(credential)
  return <Email text={owner} />
}

function LastUsed({ credential }: { credential: ListedCredential }) {
  return (
    <>
      {credential.last_used_at ? <Ago time={credential.last_used_at} /> : <span className="whitespace-nowrap">Never used</span>}
      <UsageLink credential={credential} />
    </>
  )
}

/** The calls of the last days, which lead to the usage page. */
function UsageLink({ credential }: { credential: ListedCredential }) {
  const paths = usePaths()
  if (!credential.daily_calls.some((calls) => calls > 0)) return null
  return (
    <Link
      href={paths.usage(credential.client_id)}
      aria-label={`Usage: ${callsWords(credential.daily_calls)}`}
      className="relative block w-fit rounded-sm"
    >
      <Sparkline days={credential.daily_calls} />
    </Link>
  )
}

function Cards({ credentials, filter, showOwner, selection, start }: CredentialTableProps) {
  return (
    <ul className="divide-y divide-line rounded-card border border-line bg-surface" aria-label="API credentials">
      {credentials.map((credential) => (
        <li key={credential.client_id} className="relative px-4 py-3">
          <div className="flex items-start justify-between gap-2">
            <span className="flex min-w-0 items-start gap-1">
              <span className="relative -my-1.5 -ml-2 inline-flex pointer-coarse:-my-3">
                <SelectBox label={`Choose ${credential.name}`} credentials={[credential]} selection={selection} />
              </span>
              <CredentialLink credential={credential} className="min-w-0 leading-5 [overflow-wrap:anywhere]" />
            </span>
            <span className="relative -my-1.5 -mr-2 pointer-coarse:-my-3">
              <CredentialMenu credential={credential} start={start} />
            </span>
          </div>
          <ClientID clientID={credential.client_id} />
          <div className="mt-1">
            <ScopeChips scopes={credential.scopes} />
          </div>
          <div className="mt-2.5 flex items-center justify-between gap-3">
            <span className="flex min-w-0 gap-1.5 text-sm whitespace-nowrap text-muted">
              {showOwner && (
                <>
                  <span className="min-w-0 truncate">
                    <Owner credential={credential} />
                  </span>
                  <span aria-hidden="true">·</span>
                </>
              )}
              {credential.last_used_at ? (
                <span>
                  Used <Ago time={credential.last_used_at} />
                </span>
              ) : (
                'Never used'
              )}
            </span>
            <span className="text-right">
              <StatusBadge status={credential.status} />
              <EndsSoon credential={credential} />
            </span>
          </div>
          {filter.attention && (
            <div className="relative mt-2 w-fit">
              <AdviceLine attention={filter.attention} credential={credential} start={start} />
            </div>
          )}
        </li>
      ))}
    </ul>
  )
}

/** The shape of a list that is being read, so that nothing jumps when it comes. */
export function ListSkeleton() {
  return (
    <div role="status" className="divide-y divide-line rounded-card border border-line bg-surface">
      <span className="sr-only">Loading API credentials…</span>
      <div className="h-9 bg-bg" />
      {['w-2/5', 'w-1/3', 'w-1/2', 'w-1/4', 'w-2/5'].map((width, row) => (
        <div key={row} className="flex h-[3.75rem] items-center px-4">
          <Bar className={width} />
        </div>
      ))}
    </div>
  )
}
