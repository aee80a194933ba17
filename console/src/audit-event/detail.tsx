import { Minus, Plus } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { AuditEvent } from '../api/types'
import { usePaths } from '../session/paths'
import { Button } from '../ui/button'
import { CopyIcon } from '../ui/copy'
import { exactSecond } from '../ui/time'
import { differences, type Change, type Line } from './difference'
import type { AuditFilter } from './filter'
import { actorName, ruleWords, targetName, type Names } from './words'

interface EventDetailProps {
  event: AuditEvent
  names: Names
  onNarrow: (part: Partial<AuditFilter>) => void
}

/** All there is of an event: what it changed, or why it was refused, and the facts to look it up by. */
export function EventDetail({ event, names, onNarrow }: EventDetailProps) {
  return (
    <div className="flex flex-col gap-4">
      {event.outcome === 'refused' ? <Refusal event={event} /> : <Changes event={event} names={names} />}
      <Facts event={event} />
      <Ways event={event} onNarrow={onNarrow} />
    </div>
  )
}

function Refusal({ event }: { event: AuditEvent }) {
  const rule = event.rule ?? ''
  return (
    <p>
      {rule && ruleWords(rule)} Nothing was changed.
      {event.count > 1 && ` It was tried ${event.count.toLocaleString('en')} times within the minute.`}
      {rule && (
        <span className="block text-sm text-muted">
          Rule <code className="font-mono text-xs">{rule}</code>
        </span>
      )}
    </p>
  )
}

function Changes({ event, names }: Pick<EventDetailProps, 'event' | 'names'>) {
  const changes = differences(event.before, event.after, names)
  if (changes.length === 0) return null
  return (
    <dl aria-label="What it changed" className="flex max-w-3xl flex-col gap-2.5 rounded-control border border-line bg-surface px-3 py-3">
      {changes.map((change) => (
        <ChangeRow key={change.field} change={change} />
      ))}
    </dl>
  )
}

function ChangeRow({ change }: { change: Change }) {
  const changed = change.lines.filter(({ sign }) => sign !== 'same')
  const same = change.lines.length - changed.length
  return (
    <div className="grid gap-x-4 gap-y-0.5 sm:grid-cols-[11rem_minmax(0,1fr)]">
      <dt className="text-sm text-muted">{change.label}</dt>
      <dd className="min-w-0">
        <ul className="flex flex-col gap-0.5">
          {changed.map((line) => (
            <ChangeLine key={line.sign + line.text} line={line} />
          ))}
        </ul>
        {same > 0 && <p className="pl-5.5 text-sm text-muted">{same === 1 ? '1 stays' : `${same} stay`} as before</p>}
      </dd>
    </div>
  )
}

function ChangeLine({ line }: { line: Line }) {
  const added = line.sign === 'added'
  const Sign = added ? Plus : Minus
  return (
    <li className="flex items-start gap-2">
      <Sign className={`mt-[0.1875rem] size-3.5 shrink-0 ${added ? 'text-ok' : 'text-bad'}`} aria-hidden="true" />
      <span className="sr-only">{added ? 'After: ' : 'Before: '}</span>
      <span
        className={`min-w-0 [overflow-wrap:anywhere] ${line.code ? 'font-mono text-xs leading-5' : ''} ${added ? '' : 'text-muted'}`}
      >
        {line.text}
      </span>
    </li>
  )
}

function Facts({ event }: { event: AuditEvent }) {
  return (
    <dl className="grid gap-x-6 gap-y-2.5 text-sm sm:grid-cols-2 lg:grid-cols-3">
      <Fact name="When">
        {exactSecond(event.at)}
        <code className="block font-mono text-xs text-muted">{event.at}</code>
      </Fact>
      <Fact name="From">{event.address ? <Code text={event.address} what="address" /> : 'Within the server'}</Fact>
      <Fact name="Request ID">{event.request_id ? <Code text={event.request_id} what="request ID" /> : 'None'}</Fact>
      <Fact name="Who">
        {actorName(event)}
        {event.actor.id && <Code text={event.actor.id} what="ID of who acted" />}
      </Fact>
      {event.target.id && (
        <Fact name="On what">
          {event.target.name && event.target.name !== targetName(event) && `Now called ${event.target.name}`}
          <Code text={event.target.id} what="ID of what it happened to" />
        </Fact>
      )}
      <Fact name="Action and place in the log">
        <code className="font-mono text-xs">{event.action}</code> · {event.sequence.toLocaleString('en')}
      </Fact>
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-muted">{name}</dt>
      <dd className="mt-0.5 break-words">{children}</dd>
    </div>
  )
}

function Code({ text, what }: { text: string; what: string }) {
  return (
    <span className="flex min-w-0 items-center gap-0.5">
      <code className="min-w-0 font-mono text-xs break-all">{text}</code>
      <CopyIcon small text={text} what={what} />
    </span>
  )
}

const ACTOR_WORDS: Record<AuditEvent['actor']['type'], string> = {
  user: 'this person',
  credential: 'this credential',
  operator: 'the operator',
  system: 'Claviger itself',
}

const TARGET_WORDS: Record<string, string> = { credential: 'credential', user: 'user', account: 'account' }

/** Where to go from an event. */
function Ways({ event, onNarrow }: Pick<EventDetailProps, 'event' | 'onNarrow'>) {
  const paths = usePaths()
  const { actor, target } = event
  const who = actor.email ?? actor.id ?? (actor.type === 'operator' || actor.type === 'system' ? actor.type : undefined)
  const there = target.type === 'credential' && target.name !== null && target.id
  return (
    <div className="flex flex-wrap items-center gap-2">
      {who && <Button onClick={() => onNarrow({ actor: who })}>More by {ACTOR_WORDS[actor.type]}</Button>}
      {target.id && TARGET_WORDS[target.type] && (
        <Button onClick={() => onNarrow({ target: target.id ?? '' })}>More on this {TARGET_WORDS[target.type]}</Button>
      )}
      {there && (
        <Link
          href={paths.credential(there)}
          className="inline-flex min-h-(--control) items-center rounded-sm px-2 text-accent-text underline underline-offset-2"
        >
          Open the credential
        </Link>
      )}
    </div>
  )
}
