import { useScopeCatalogue } from '../scope/catalogue'
import { classes } from '../ui/classes'
import { FILLS } from './chart'
import { sums, type Count } from './count'
import { kindOf, type UsageView } from './view'
import { number, outcomeWords } from './words'

interface BreakdownProps {
  counts: readonly Count[]
  view: UsageView
  onChoose: (part: Partial<UsageView>) => void
}

/** Sums by outcome and by scope. A press on one shows it alone; another shows all again. */
export function Breakdown({ counts, view, onChoose }: BreakdownProps) {
  const catalogue = useScopeCatalogue()
  // Each list is narrowed by the other, not by itself: else a choice would leave nothing to choose from.
  const outcomes = sums(counts.filter(({ scope }) => !view.scope || scope === view.scope), 'outcome')
  const scopes = sums(counts.filter(({ outcome }) => !view.outcome || outcome === view.outcome), 'scope')
  return (
    <div className="grid gap-x-8 gap-y-6 md:grid-cols-2">
      <BarList
        title="By outcome"
        rows={outcomes.map(({ key, calls }) => ({
          key,
          name: outcomeWords(key).name,
          detail: outcomeWords(key).meaning,
          mono: false,
          colour: FILLS[kindOf(key)],
          calls,
        }))}
        chosen={view.outcome}
        onChoose={(outcome) => onChoose({ outcome })}
      />
      <BarList
        title="By scope"
        rows={scopes.map(({ key, calls }) => ({
          key,
          name: key || 'None asked for, or none granted',
          detail: catalogue.data?.byValue.get(key)?.description,
          mono: key !== '',
          colour: 'fill-accent',
          calls,
        }))}
        chosen={view.scope}
        onChoose={(scope) => onChoose({ scope })}
      />
    </div>
  )
}

interface Row {
  key: string
  name: string
  detail: string | undefined
  mono: boolean
  colour: string
  calls: number
}

interface BarListProps {
  title: string
  rows: readonly Row[]
  chosen: string
  onChoose: (key: string) => void
}

function BarList({ title, rows, chosen, onChoose }: BarListProps) {
  const most = Math.max(...rows.map(({ calls }) => calls), 1)
  return (
    <section aria-label={title}>
      <h3 className="mb-1 font-medium">{title}</h3>
      <ul className="flex flex-col">
        {rows.map((row) => (
          <li key={row.key}>
            <BarRow row={row} most={most} chosen={chosen} onChoose={onChoose} />
          </li>
        ))}
      </ul>
    </section>
  )
}

interface BarRowProps {
  row: Row
  most: number
  chosen: string
  onChoose: (key: string) => void
}

function BarRow({ row, most, chosen, onChoose }: BarRowProps) {
  const on = chosen !== '' && chosen === row.key
  const face = (
    <>
      <span className="flex items-baseline justify-between gap-4">
        <span className={classes('min-w-0 break-words', row.mono && 'font-mono text-xs leading-5')}>{row.name}</span>
        <span className="tabular-nums">{number(row.calls)}</span>
      </span>
      <svg aria-hidden="true" viewBox="0 0 100 1" preserveAspectRatio="none" className="mt-1 block h-1.5 w-full rounded-full bg-hover">
        <rect width={Math.max((row.calls / most) * 100, 0.5)} height={1} className={row.colour} />
      </svg>
      {row.detail && <span className="mt-1 block text-sm text-muted">{row.detail}</span>}
    </>
  )
  const shape = '-mx-2 block w-[calc(100%+1rem)] rounded-control p-2 text-left'
  if (row.key === '') return <div className={shape}>{face}</div>
  return (
    <button
      type="button"
      aria-pressed={on}
      onClick={() => onChoose(on ? '' : row.key)}
      className={classes(shape, 'hover:bg-hover', on && 'bg-hover font-medium')}
    >
      {face}
    </button>
  )
}
