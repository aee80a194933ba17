import { useId, useState, type PointerEvent } from 'react'
import { Button } from '../ui/button'
import { classes } from '../ui/classes'
import { ColumnHead, TABLE_HEAD } from '../ui/table'
import { axisEnd, totalOf, type Slot } from './count'
import { KINDS, type Kind, type Unit } from './view'
import { countWords, number, KIND_WORDS, slotLabel, slotName } from './words'

export const FILLS: Record<Kind, string> = { allowed: 'fill-accent', issued: 'fill-line-strong', refused: 'fill-bad' }

/** The same colours, for a dot. */
export const DOTS: Record<Kind, string> = { allowed: 'bg-accent', issued: 'bg-line-strong', refused: 'bg-bad' }

interface UsageChartProps {
  slots: readonly Slot[]
  unit: Unit
  title: string
}

/** Calls by hour or day as stacked bars, and the same numbers as a table. */
export function UsageChart({ slots, unit, title }: UsageChartProps) {
  const [table, setTable] = useState(false)
  const [pointed, setPointed] = useState<number>()
  const id = useId()
  const slot = pointed === undefined ? undefined : slots[pointed]
  return (
    <figure aria-labelledby={id} className="min-w-0">
      <figcaption id={id} className="sr-only">
        {title}
      </figcaption>
      <div className="mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2 text-sm">
        <p className="min-h-5 min-w-0 flex-[1_1_16rem] text-muted" aria-hidden="true">
          {slot ? (
            <>
              <span className="font-medium text-fg">{slotName(slot.at, unit)}</span>: {countWords(slot.calls)}
            </>
          ) : unit === 'hour' ? (
            'Each bar is an hour, in your time zone.'
          ) : (
            'Each bar is a day, from midnight to midnight UTC.'
          )}
        </p>
        <Button look="quiet" className="-mr-3.5 max-sm:-ml-3.5" aria-expanded={table} onClick={() => setTable(!table)}>
          {table ? 'Hide the table' : 'Show as a table'}
        </Button>
      </div>
      <Bars slots={slots} unit={unit} pointed={pointed} onPoint={setPointed} />
      <div className={table ? 'mt-5' : 'sr-only'}>
        <TableTwin slots={slots} unit={unit} title={title} />
      </div>
    </figure>
  )
}

interface BarsProps {
  slots: readonly Slot[]
  unit: Unit
  pointed: number | undefined
  onPoint: (slot: number | undefined) => void
}

const HEIGHT = 160

function Bars({ slots, unit, pointed, onPoint }: BarsProps) {
  const end = axisEnd(Math.max(...slots.map(totalOf), 0))
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    onPoint(Math.min(slots.length - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * slots.length))))
  }
  const labels = [0, Math.floor((slots.length - 1) / 2), slots.length - 1]
  return (
    <div aria-hidden="true" className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-2 text-xs text-muted">
      <div className="flex flex-col justify-between text-right leading-none tabular-nums">
        <span>{number(end)}</span>
        <span>0</span>
      </div>
      <svg
        viewBox={`0 0 ${slots.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="block h-40 w-full touch-pan-y border-y border-line"
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => onPoint(undefined)}
      >
        {pointed !== undefined && <rect x={pointed} y={0} width={1} height={HEIGHT} className="fill-hover" />}
        {slots.map((slot, place) => (
          <Bar key={slot.at} slot={slot} place={place} end={end} gap={slots.length > 100 ? 0.1 : 0.25} />
        ))}
      </svg>
      <span />
      <div className="mt-1.5 flex justify-between">
        {labels.map((place) => (
          <span key={place}>{slotLabel(slots[place]?.at ?? 0, unit)}</span>
        ))}
      </div>
    </div>
  )
}

/** The kinds of one hour or day, one upon the other. */
function Bar({ slot, place, end, gap }: { slot: Slot; place: number; end: number; gap: number }) {
  let below = HEIGHT
  return (
    <>
      {KINDS.map((kind) => {
        const calls = slot.calls[kind]
        if (calls === 0) return null
        // Whatever there is is seen, be it small.
        const height = Math.max((calls / end) * HEIGHT, 1.5)
        below -= height
        return <rect key={kind} x={place + gap / 2} y={Math.max(below, 0)} width={1 - gap} height={height} className={FILLS[kind]} />
      })}
    </>
  )
}

/** The bars' numbers, of the hours or days that have any. */
function TableTwin({ slots, unit, title }: UsageChartProps) {
  const some = slots.filter((slot) => totalOf(slot) > 0).reverse()
  return (
    <div
      tabIndex={0}
      role="group"
      aria-label={`${title}, as a table`}
      className="max-h-80 overflow-auto rounded-control border border-line"
    >
      <table className="w-full text-left text-sm tabular-nums">
        <caption className="sr-only">
          {title}: {unit === 'hour' ? 'hours' : 'UTC days'} with any, newest first
        </caption>
        <thead className={classes(TABLE_HEAD, 'sticky top-0')}>
          <tr>
            <ColumnHead>{unit === 'hour' ? 'Hour' : 'Day'}</ColumnHead>
            {KINDS.map((kind) => (
              <ColumnHead key={kind} className="text-right">
                {KIND_WORDS[kind]}
              </ColumnHead>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {some.map((slot) => (
            <tr key={slot.at}>
              <th scope="row" className="px-3 py-1.5 font-normal whitespace-nowrap">
                {slotName(slot.at, unit)}
              </th>
              {KINDS.map((kind) => (
                <td key={kind} className="px-3 py-1.5 text-right">
                  {number(slot.calls[kind])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
