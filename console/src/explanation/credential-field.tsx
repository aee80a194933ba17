import { useQuery } from '@tanstack/react-query'
import { useEffect, useId, useState, type KeyboardEvent } from 'react'
import type { Credential } from '../api/types'
import { ownerWords } from '../credential/permission'
import { credentialQueryOptions, listQueryOptions } from '../credential/queries'
import { STATUS_WORDS } from '../credential/status'
import { useSession } from '../session/session'
import { classes } from '../ui/classes'
import { Field, type FieldControl } from '../ui/field'

interface CredentialFieldProps {
  /** Client ID; empty for none. */
  value: string
  onChange: (clientID: string) => void
  error?: string | undefined
}

/** Chooses one of the account's credentials, found by name, client ID or owner. */
export function CredentialField({ value, onChange, error }: CredentialFieldProps) {
  const { api } = useSession()
  const chosen = useQuery({ ...credentialQueryOptions(api, value), enabled: value !== '' })
  const [text, setText] = useState<string>()
  // One that is not there any more stands by its ID.
  const name = chosen.data?.value.name ?? (value && !chosen.isPending ? value : '')
  return (
    <Field label="API credential" error={error}>
      {(control) => (
        <SearchedChoice
          control={control}
          text={text ?? name}
          onType={(typed) => {
            setText(typed)
            if (value) onChange('')
          }}
          onChoose={(choice) => {
            setText(choice.name)
            onChange(choice.client_id)
          }}
        />
      )}
    </Field>
  )
}

type Choice = Pick<Credential, 'client_id' | 'name' | 'level' | 'owner' | 'status'>

interface SearchedChoiceProps {
  control: FieldControl
  text: string
  onType: (text: string) => void
  onChoose: (choice: Choice) => void
}

/**
 * A combobox with a list of what the server finds (ARIA Authoring Practices, "Editable Combobox With List
 * Autocomplete"). Base UI's hides the rest of the page from screen readers while its list is open.
 */
function SearchedChoice({ control, text, onType, onChoose }: SearchedChoiceProps) {
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(0)
  // What stands there because it was chosen is not searched for: else there would be nothing else to choose.
  const [typed, setTyped] = useState(false)
  const found = useFound(typed ? text : '')
  const choices = found.data?.credentials ?? []
  const list = useId()
  const shown = open && choices.length > 0
  const choose = (choice: Choice) => {
    onChoose(choice)
    setTyped(false)
    setOpen(false)
  }
  const press = (event: KeyboardEvent) => {
    const current = shown ? choices[at] : undefined
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const step = event.key === 'ArrowDown' ? 1 : -1
      setAt(shown ? (at + step + choices.length) % choices.length : 0)
      setOpen(true)
    } else if (event.key === 'Enter' && current) {
      event.preventDefault()
      choose(current)
    } else if (event.key === 'Escape' && open) {
      setOpen(false)
    }
  }
  return (
    <div className="relative">
      <input
        {...control}
        role="combobox"
        aria-expanded={shown}
        aria-controls={shown ? list : undefined}
        aria-autocomplete="list"
        aria-activedescendant={shown ? `${list}-${at}` : undefined}
        className="field"
        placeholder="Name, client ID or owner"
        maxLength={128}
        autoCapitalize="off"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          onType(event.currentTarget.value)
          setTyped(true)
          setAt(0)
          setOpen(true)
        }}
        onClick={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={press}
      />
      {open && !shown && (
        <p role="status" className={classes(POPUP, 'px-3 py-3 text-sm text-muted')}>
          {found.isError ? 'The credentials could not be read. Try again.' : found.isFetching ? 'Searching…' : 'No API credential matches.'}
        </p>
      )}
      {shown && (
        <ul id={list} role="listbox" aria-label="API credentials" className={classes(POPUP, 'max-h-80 overflow-y-auto overscroll-contain p-1')}>
          {choices.map((choice, place) => (
            <Option key={choice.client_id} id={`${list}-${place}`} choice={choice} on={place === at} onChoose={() => choose(choice)} />
          ))}
        </ul>
      )}
    </div>
  )
}

const POPUP = 'absolute inset-x-0 top-full z-10 mt-1.5 rounded-card border border-line bg-surface shadow-pop'

interface OptionProps {
  id: string
  choice: Choice
  on: boolean
  onChoose: () => void
}

function Option({ id, choice, on, onChoose }: OptionProps) {
  return (
    <li
      id={id}
      role="option"
      aria-selected={on}
      // Pressed, not clicked: a click comes after the field has lost the focus, and with it its list.
      onPointerDown={(event) => event.preventDefault()}
      onClick={onChoose}
      className={classes('rounded-control px-2.5 py-2 select-none hover:bg-hover', on && 'bg-hover')}
    >
      <span className="block break-words">{choice.name}</span>
      <span className="mt-0.5 flex flex-wrap gap-x-3 text-xs text-muted">
        <span className="break-all">{ownerWords(choice)}</span>
        <code className="font-mono break-all">{choice.client_id}</code>
        {choice.status !== 'active' && <span>{STATUS_WORDS[choice.status]}</span>}
      </span>
    </li>
  )
}

const SHOWN = 8

/** The first credentials that a search finds, asked for when typing pauses. */
function useFound(text: string) {
  const { api } = useSession()
  const [search, setSearch] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSearch(text.trim()), 200)
    return () => clearTimeout(timer)
  }, [text])
  const params = new URLSearchParams({ sort: 'name', page_size: String(SHOWN) })
  if (search) params.set('q', search)
  return useQuery(listQueryOptions(api, params.toString()))
}
