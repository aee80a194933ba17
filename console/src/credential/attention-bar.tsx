import { useQueries } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { Link } from 'wouter'
import type { Account, Credential } from '../api/types'
import { usePaths } from '../session/paths'
import { useSession } from '../session/session'
import { classes } from '../ui/classes'
import type { StartAction } from './actions'
import { adviceOn, attentionMeaning, attentionWords, type Remedy } from './attention'
import { ATTENTIONS, DEFAULT_FILTER, listQuery, type Attention, type CredentialFilter } from './filter'
import { attentionCountOptions, formatTotal } from './queries'

interface AttentionBarProps {
  account: Account
  filter: CredentialFilter
  setFilter: (next: CredentialFilter, replace?: boolean) => void
}

/** How many credentials need attention and why, where any do; each is a filter of the list. */
export function AttentionBar({ account, filter, setFilter }: AttentionBarProps) {
  const { me, api } = useSession()
  const scope = { ...DEFAULT_FILTER, tab: filter.tab, mine: filter.mine }
  const totals = useQueries({
    queries: ATTENTIONS.map((attention) => attentionCountOptions(api, listQuery({ ...scope, attention }, me, 1))),
  })
  const groups = ATTENTIONS.map((attention, place) => ({ attention, total: totals[place]?.data })).filter(
    ({ attention, total }) => (total && total.count > 0) || attention === filter.attention,
  )
  if (groups.length === 0) return null
  const choose = (attention: Attention) =>
    setFilter({ ...filter, pageToken: '', attention: filter.attention === attention ? '' : attention })
  return (
    <section aria-label="Needs attention" className="mb-4 rounded-control border border-warn-line bg-warn-soft px-3 py-2.5 text-sm">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h2 className="flex items-center gap-2 font-medium">
          <TriangleAlert className="size-4 shrink-0 text-warn" aria-hidden="true" />
          Needs attention
        </h2>
        <div role="group" aria-label="Show only those that" className="flex flex-wrap gap-2">
          {groups.map(({ attention, total }) => (
            <button
              key={attention}
              type="button"
              aria-pressed={filter.attention === attention}
              onClick={() => choose(attention)}
              className={classes(
                'inline-flex min-h-7 items-center gap-1.5 rounded-full border px-3 transition-colors duration-150 pointer-coarse:min-h-11',
                filter.attention === attention
                  ? 'border-transparent bg-fg text-bg'
                  : 'border-warn-line bg-surface hover:bg-hover',
              )}
            >
              {attentionWords(attention, account)}
              {total && <span className="font-semibold tabular-nums">{formatTotal(total)}</span>}
            </button>
          ))}
        </div>
      </div>
      {filter.attention && (
        <p className="mt-2">{attentionMeaning(filter.attention, account)}</p>
      )}
    </section>
  )
}

const REMEDY_WORDS: Record<Remedy, string> = { open: 'Open it', rotate: 'Rotate secret', disable: 'Disable', delete: 'Delete' }

const REMEDY = 'inline-flex min-h-6 items-center rounded-sm font-medium text-accent-text underline underline-offset-2 pointer-coarse:min-h-11'

interface AdviceLineProps {
  attention: Attention
  credential: Credential
  start: StartAction
}

/** Under a row: why the credential needs attention, and what this person can do. */
export function AdviceLine({ attention, credential, start }: AdviceLineProps) {
  const paths = usePaths()
  const { why, remedies } = adviceOn(attention, credential)
  return (
    <p className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 text-sm text-muted">
      <span className="min-w-0">{why}</span>
      {remedies.map((remedy) => {
        const label = `${REMEDY_WORDS[remedy]}: ${credential.name}`
        return remedy === 'open' ? (
          <Link key={remedy} href={paths.credential(credential.client_id)} state={{ list: window.location.search }} className={REMEDY}>
            {REMEDY_WORDS[remedy]}
          </Link>
        ) : (
          <button key={remedy} type="button" aria-label={label} onClick={() => start(remedy, credential)} className={REMEDY}>
            {REMEDY_WORDS[remedy]}
          </button>
        )
      })}
    </p>
  )
}
