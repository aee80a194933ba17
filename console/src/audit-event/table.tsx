import { Fragment, useId, useState } from 'react'
import type { AuditEvent } from '../api/types'
import { useSession } from '../session/session'
import { Badge } from '../ui/badge'
import { classes } from '../ui/classes'
import { COVERING, DisclosureSign } from '../ui/disclosure'
import { Email } from '../ui/email'
import { Bar } from '../ui/loading'
import { useWide } from '../ui/media'
import { ColumnHead, TABLE_HEAD, TABLE_ROW } from '../ui/table'
import { Ago, exactTime } from '../ui/time'
import { EventDetail } from './detail'
import type { AuditFilter } from './filter'
import { actingFor, actorName, happening, namesIn, type Names } from './words'

interface EventTableProps {
  events: readonly AuditEvent[]
  /** Shows only the events of somebody, or of something. */
  onNarrow: (part: Partial<AuditFilter>) => void
}

/** Lists audit events; a press on one opens what it changed. */
export function EventTable(props: EventTableProps) {
  return useWide() ? <WideTable {...props} /> : <Cards {...props} />
}

function WideTable({ events, onNarrow }: EventTableProps) {
  const names = namesIn(events)
  return (
    <div className="overflow-hidden rounded-card border border-line bg-surface">
      <table className="w-full table-fixed text-left">
        <caption className="sr-only">Audit events, newest first</caption>
        <thead className={TABLE_HEAD}>
          <tr>
            <ColumnHead className="w-49 pl-11">When</ColumnHead>
            <ColumnHead className="w-[21%]">Who</ColumnHead>
            <ColumnHead>What</ColumnHead>
            <ColumnHead className="w-32">From</ColumnHead>
            <ColumnHead className="w-36">Outcome</ColumnHead>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {events.map((event) => (
            <Row key={event.event_id} event={event} names={names} onNarrow={onNarrow} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps extends Pick<EventTableProps, 'onNarrow'> {
  event: AuditEvent
  names: Names
}

function Row({ event, names, onNarrow }: RowProps) {
  const [open, setOpen] = useState(false)
  const id = useId()
  return (
    <Fragment>
      <tr className={TABLE_ROW}>
        <td className="py-1.5 pr-3 pl-4">
          <span className="flex items-center gap-3">
            <DisclosureSign open={open} />
            <span className="min-w-0">
              <Ago time={event.at} />
              <span className="block text-xs text-muted">{exactTime(event.at)}</span>
            </span>
          </span>
        </td>
        <td className="px-3 py-1.5">
          <Who event={event} />
        </td>
        <td className="px-3 py-1.5">
          <Opener event={event} names={names} open={open} controls={id} onToggle={() => setOpen(!open)} />
        </td>
        <td className="px-3">
          <Address event={event} />
        </td>
        <td className="px-3">
          <OutcomeBadge event={event} />
        </td>
      </tr>
      {open && (
        <tr id={id} className="bg-bg">
          <td colSpan={5} className="py-4 pr-4 pl-11">
            <EventDetail event={event} names={names} onNarrow={onNarrow} />
          </td>
        </tr>
      )}
    </Fragment>
  )
}

interface OpenerProps {
  event: AuditEvent
  names: Names
  open: boolean
  controls: string
  onToggle: () => void
}

/** What happened, as the button that opens the rest; it covers its whole row. */
function Opener({ event, names, open, controls, onToggle }: OpenerProps) {
  const { words, name } = happening(event, names)
  return (
    <button
      type="button"
      aria-expanded={open}
      aria-controls={open ? controls : undefined}
      onClick={onToggle}
      className={classes('line-clamp-2 text-left [overflow-wrap:anywhere]', COVERING)}
    >
      {words.charAt(0).toUpperCase() + words.slice(1)}
      {name && <span className="font-medium"> {name}</span>}
    </button>
  )
}

function Who({ event }: { event: AuditEvent }) {
  const { me } = useSession()
  const mine = event.actor.type === 'user' && event.actor.id === me.user_id
  const whom = actingFor(event)
  return (
    <>
      {mine ? <span title={me.email}>You</span> : <Email text={actorName(event)} />}
      {whom && (
        <span className="block truncate text-xs text-muted" title={whom}>
          for {whom}
        </span>
      )}
    </>
  )
}

function Address({ event }: { event: AuditEvent }) {
  if (!event.address) return <span className="text-muted">—</span>
  return (
    <span className="block truncate font-mono text-xs text-muted" title={event.address}>
      {event.address}
    </span>
  )
}

function OutcomeBadge({ event }: { event: AuditEvent }) {
  if (event.outcome === 'done') return <Badge colour="quiet">Done</Badge>
  return <Badge colour="bad">Refused{event.count > 1 && ` ×${event.count.toLocaleString('en')}`}</Badge>
}

function Cards({ events, onNarrow }: EventTableProps) {
  const names = namesIn(events)
  return (
    <ul aria-label="Audit events, newest first" className="divide-y divide-line rounded-card border border-line bg-surface">
      {events.map((event) => (
        <EventCard key={event.event_id} event={event} names={names} onNarrow={onNarrow} />
      ))}
    </ul>
  )
}

function EventCard({ event, names, onNarrow }: RowProps) {
  const [open, setOpen] = useState(false)
  const id = useId()
  return (
    <li>
      <div className="relative flex gap-3 px-4 py-3">
        <DisclosureSign open={open} className="mt-0.5" />
        <div className="min-w-0 flex-1">
          <div className="mb-1 flex items-center justify-between gap-3">
            <div className="min-w-0 text-sm text-muted">
              <Who event={event} />
            </div>
            <OutcomeBadge event={event} />
          </div>
          <Opener event={event} names={names} open={open} controls={id} onToggle={() => setOpen(!open)} />
          <p className="mt-1 text-sm text-muted">
            <Ago time={event.at} /> · {exactTime(event.at)}
          </p>
        </div>
      </div>
      {open && (
        <div id={id} className="border-t border-line bg-bg px-4 py-4">
          <EventDetail event={event} names={names} onNarrow={onNarrow} />
        </div>
      )}
    </li>
  )
}

/** The shape of a log that is being read, so that nothing jumps when it comes. */
export function EventSkeleton() {
  return (
    <div role="status" className="divide-y divide-line rounded-card border border-line bg-surface">
      <span className="sr-only">Loading the audit log…</span>
      <div className="h-9 bg-bg" />
      {['w-2/5', 'w-1/3', 'w-1/2', 'w-1/4', 'w-2/5'].map((width, row) => (
        <div key={row} className="flex h-[3.75rem] items-center px-4">
          <Bar className={width} />
        </div>
      ))}
    </div>
  )
}
