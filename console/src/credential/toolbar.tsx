import { Tabs } from '@base-ui/react/tabs'
import { Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { Status } from '../api/types'
import { ChoiceButton } from '../ui/choice'
import type { Choice } from '../ui/menu'
import { STATUSES, type CredentialFilter } from './filter'
import type { Total } from './queries'
import { STATUS_WORDS } from './status'

type Tab = CredentialFilter['tab']

interface CredentialTabsProps {
  tab: Tab
  counts: Record<Tab, Total | undefined>
  onChoose: (tab: Tab) => void
}

/** The tabs Users and Accounts, with how many credentials each has. */
export function CredentialTabs({ tab, counts, onChoose }: CredentialTabsProps) {
  return (
    <Tabs.Root value={tab} onValueChange={(next: Tab) => onChoose(next)} className="mb-4 border-b border-line">
      <Tabs.List aria-label="Whose credentials" className="flex gap-5">
        <CredentialTab value="users" label="Users" count={counts.users} />
        <CredentialTab value="accounts" label="Accounts" count={counts.accounts} />
      </Tabs.List>
    </Tabs.Root>
  )
}

function CredentialTab({ value, label, count }: { value: Tab; label: string; count: Total | undefined }) {
  return (
    <Tabs.Tab
      value={value}
      className="-mb-px flex h-10 items-center gap-2 border-b-2 border-transparent text-muted hover:text-fg data-active:border-accent data-active:font-medium data-active:text-fg pointer-coarse:h-11"
    >
      {label}
      {count && <span className="rounded-md bg-sunken px-1.5 py-0.5 text-xs text-muted">{formatTotal(count)}</span>}
    </Tabs.Tab>
  )
}

const OWNERS: readonly Choice<'all' | 'me'>[] = [
  { value: 'all', label: 'All Credentials' },
  { value: 'me', label: 'My Credentials' },
]

const STATUS_CHOICES: readonly Choice<Status | ''>[] = [
  { value: '', label: 'All statuses' },
  ...STATUSES.map((status) => ({ value: status, label: STATUS_WORDS[status] })),
]

interface CredentialToolbarProps {
  filter: CredentialFilter
  setFilter: (next: CredentialFilter, replace?: boolean) => void
  /** Whether All Credentials and My Credentials are a choice. */
  ownerChoice: boolean
  total: Total | undefined
}

export function CredentialToolbar({ filter, setFilter, ownerChoice, total }: CredentialToolbarProps) {
  const change = (part: Partial<CredentialFilter>) => setFilter({ ...filter, pageToken: '', ...part }, true)
  return (
    <div role="search" className="mb-4 flex flex-wrap items-center gap-2">
      <SearchBox owners={ownerChoice} value={filter.search} onSearch={(search) => change({ search })} />
      {ownerChoice && (
        <ChoiceButton
          label="Filter"
          value={filter.mine ? 'me' : 'all'}
          choices={OWNERS}
          onChoose={(owner) => change({ mine: owner === 'me' })}
        />
      )}
      <ChoiceButton
        label="Status"
        value={filter.status}
        choices={STATUS_CHOICES}
        onChoose={(status) => change({ status })}
      />
      <p role="status" className="ml-auto text-sm text-muted">
        {total && `${formatTotal(total)} ${total.count === 1 ? 'credential' : 'credentials'}`}
      </p>
    </div>
  )
}

function formatTotal({ count, more }: Total): string {
  return count.toLocaleString('en') + (more ? '+' : '')
}

interface SearchBoxProps {
  /** Whether owners differ, and can be searched for. */
  owners: boolean
  value: string
  onSearch: (search: string) => void
}

function SearchBox({ owners, value, onSearch }: SearchBoxProps) {
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = usePausedText(value, onSearch)
  useSlashKey(input)
  const what = owners ? 'Name, client ID or owner' : 'Name or client ID'
  return (
    <div className="relative w-full sm:w-72 lg:w-80">
      <Search className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted" aria-hidden="true" />
      <input
        ref={input}
        type="search"
        aria-label={`Search: ${what}`}
        aria-keyshortcuts="/"
        placeholder={what}
        maxLength={128}
        className="field pr-9 pl-9 [&::-webkit-search-cancel-button]:hidden"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onSearch(text)
          if (event.key === 'Escape' && text !== '') onSearch('')
        }}
      />
      <kbd
        aria-hidden="true"
        className="pointer-events-none absolute top-1/2 right-2.5 -translate-y-1/2 rounded-[0.25rem] border border-line bg-sunken px-1.5 font-mono text-xs text-muted pointer-coarse:hidden"
      >
        /
      </kbd>
    </div>
  )
}

/** A search box's text, handed on when typing pauses. */
function usePausedText(value: string, onPause: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(value)
  const latest = useRef(onPause)
  useEffect(() => {
    latest.current = onPause
  })
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => latest.current(text), 250)
    return () => clearTimeout(timer)
  }, [text, value])
  return [text, setText]
}

/** "/" puts the focus on the search box, unless something is being typed or a dialog is open. */
function useSlashKey(input: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      const typing = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return
      if (document.querySelector('[role="dialog"]')) return
      event.preventDefault()
      input.current?.focus()
      input.current?.select()
    }
    window.addEventListener('keydown', focus)
    return () => window.removeEventListener('keydown', focus)
  }, [input])
}
