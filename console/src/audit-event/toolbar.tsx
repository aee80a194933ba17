import { useQuery } from '@tanstack/react-query'
import { UserRound, X } from 'lucide-react'
import { useEffect, useId, useState } from 'react'
import type { AuditEvent } from '../api/types'
import { useSession } from '../session/session'
import { Button, IconButton } from '../ui/button'
import { ChoiceButton } from '../ui/choice'
import { usersQueryOptions } from '../user/queries'
import { DEFAULT_FILTER, isNarrowed, type AuditFilter } from './filter'
import { ACTION_CHOICES, namesIn, shortID } from './words'

interface ToolbarProps {
  filter: AuditFilter
  setFilter: (next: AuditFilter) => void
  /** The events shown, which know the name of the target that is filtered by. */
  events: readonly AuditEvent[]
}

/** The filters of the audit log: who, what, on what, and when. */
export function AuditToolbar({ filter, setFilter, events }: ToolbarProps) {
  const change = (part: Partial<AuditFilter>) => setFilter({ ...filter, pageToken: '', ...part })
  return (
    <div role="search" className="mb-4 flex flex-col gap-3">
      <div className="flex flex-wrap items-end gap-2">
        <ActorBox value={filter.actor} onChoose={(actor) => change({ actor })} />
        <ChoiceButton
          label="Action"
          value={filter.action}
          choices={choicesWith(filter.action)}
          onChoose={(action) => change({ action })}
        />
        <div className="flex gap-2 max-sm:w-full">
          <DayBox label="From" value={filter.from} max={filter.to} onChoose={(from) => change({ from })} />
          <DayBox label="To" value={filter.to} min={filter.from} onChoose={(to) => change({ to })} />
        </div>
        {isNarrowed(filter) && (
          <Button look="quiet" className="text-muted" onClick={() => setFilter(DEFAULT_FILTER)}>
            Clear
          </Button>
        )}
      </div>
      {filter.target && (
        <p className="flex items-center gap-1 text-sm text-muted">
          <span className="min-w-0 break-words">
            Only what happened to <span className="font-medium text-fg">{namesIn(events).get(filter.target) ?? shortID(filter.target)}</span>
          </span>
          <IconButton small label="Show what happened to anything" onClick={() => change({ target: '' })}>
            <X className="size-3.5" aria-hidden="true" />
          </IconButton>
        </p>
      )}
    </div>
  )
}

/** The choices, and one that came with the URL and is not among them. */
function choicesWith(action: string) {
  if (ACTION_CHOICES.some(({ value }) => value === action)) return ACTION_CHOICES
  return [...ACTION_CHOICES, { value: action, label: action }]
}

interface ActorBoxProps {
  value: string
  onChoose: (actor: string) => void
}

/** Who acted: the account's people are offered, any ID can be typed. It counts when it is whole. */
function ActorBox({ value, onChoose }: ActorBoxProps) {
  const { api } = useSession()
  const users = useQuery({ ...usersQueryOptions(api), staleTime: 60_000 })
  const [text, setText] = useState(value)
  const id = useId()
  useEffect(() => setText(value), [value])
  const emails = users.data?.users.map((user) => user.email) ?? []
  const choose = (next: string) => next.trim() !== value && onChoose(next.trim())
  return (
    <div className="relative w-full sm:w-72">
      <UserRound className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted" aria-hidden="true" />
      <input
        type="search"
        list={id}
        aria-label="Who: e-mail address or ID"
        placeholder="Who: e-mail address or ID"
        maxLength={254}
        autoCapitalize="off"
        autoComplete="off"
        spellCheck={false}
        className="field pr-3 pl-9"
        value={text}
        onChange={(event) => {
          const typed = event.currentTarget.value
          setText(typed)
          if (typed === '' || emails.includes(typed)) choose(typed)
        }}
        onBlur={() => choose(text)}
        onKeyDown={(event) => event.key === 'Enter' && choose(text)}
      />
      <datalist id={id}>
        {emails.map((email) => (
          <option key={email} value={email} />
        ))}
        <option value="operator">The operator at the machine</option>
        <option value="system">Claviger itself</option>
      </datalist>
    </div>
  )
}

interface DayBoxProps {
  label: string
  value: string
  min?: string
  max?: string
  onChoose: (day: string) => void
}

function DayBox({ label, value, min, max, onChoose }: DayBoxProps) {
  const id = useId()
  return (
    <div className="flex items-center gap-2 max-sm:min-w-0 max-sm:flex-1 max-sm:flex-col max-sm:items-stretch max-sm:gap-1">
      <label htmlFor={id} className="text-sm text-muted">
        {label}
      </label>
      <input
        id={id}
        type="date"
        className="field min-w-0 sm:w-38"
        value={value}
        {...(min && { min })}
        {...(max && { max })}
        onChange={(event) => onChoose(event.currentTarget.value)}
      />
    </div>
  )
}
