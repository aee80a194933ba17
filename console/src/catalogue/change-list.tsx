import { useQuery } from '@tanstack/react-query'
import { formatTotal } from '../credential/queries'
import { useSession } from '../session/session'
import { Badge, type BadgeColour } from '../ui/badge'
import type { Change, ChangeKind } from './difference'
import { holdersQueryOptions } from './queries'

const KINDS: Record<ChangeKind, { word: string; colour: BadgeColour }> = {
  added: { word: 'Added', colour: 'ok' },
  restored: { word: 'Taken back', colour: 'ok' },
  changed: { word: 'Changed', colour: 'quiet' },
  retired: { word: 'Retired', colour: 'warn' },
  removed: { word: 'Removed', colour: 'bad' },
}

interface ChangeListProps {
  changes: readonly Change[]
  /** Whether to count who holds a scope that is touched. */
  holders?: boolean
}

/** What a change of the catalogue starts and stops, entry by entry. */
export function ChangeList({ changes, holders = false }: ChangeListProps) {
  if (changes.length === 0) return <p className="text-muted">Only the order of entries changes. Nothing starts or stops working.</p>
  return (
    <ul aria-label="Changes" className="divide-y divide-line rounded-control border border-line">
      {changes.map((change) => (
        <li key={`${change.what} ${change.of ?? ''} ${change.name} ${change.kind}`} className="flex flex-col gap-1 px-3 py-2.5">
          <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
            <p className="min-w-0 break-words">
              <span className="text-sm text-muted">{change.of ? `Route of ${change.of} ` : `${change.what} `}</span>
              {change.what === 'API' ? (
                <span className="font-medium">{change.name}</span>
              ) : (
                <code className="font-mono text-xs break-all">{change.name}</code>
              )}
            </p>
            <Badge colour={KINDS[change.kind].colour}>{KINDS[change.kind].word}</Badge>
          </div>
          {change.effects.map((effect) => (
            <p key={effect} className="text-sm break-words text-muted">
              {effect}
            </p>
          ))}
          {holders && change.scope && <Holders scope={change.scope} />}
        </li>
      ))}
    </ul>
  )
}

function Holders({ scope }: { scope: string }) {
  const { api } = useSession()
  const count = useQuery(holdersQueryOptions(api, scope))
  if (!count.data) return null
  const { count: number } = count.data
  return (
    <p className="text-sm font-medium">
      {number === 0 ? 'No credential' : `${formatTotal(count.data)} ${number === 1 ? 'credential' : 'credentials'}`} of this account{' '}
      {number < 2 ? 'holds' : 'hold'} it; those of other accounts are not seen from here.
    </p>
  )
}
