import { Download } from 'lucide-react'
import { formFaults } from '../api/problem'
import type { Status } from '../api/types'
import { useScopesAndApis } from '../scope/catalogue'
import { Button } from '../ui/button'
import { ChoiceButton } from '../ui/choice'
import type { Choice } from '../ui/menu'
import { Notice } from '../ui/notice'
import { SearchBox } from '../ui/search-box'
import { Tab, TabBar } from '../ui/tabs'
import type { Export } from './export'
import { STATUSES, type CredentialFilter } from './filter'
import { formatTotal, type Total } from './queries'
import { STATUS_WORDS } from './status'

type TabName = CredentialFilter['tab']

interface CredentialTabsProps {
  tab: TabName
  counts: Record<TabName, Total | undefined>
  onChoose: (tab: TabName) => void
}

/** The tabs Users and Accounts, with how many credentials each has. */
export function CredentialTabs({ tab, counts, onChoose }: CredentialTabsProps) {
  return (
    <TabBar label="Whose credentials" value={tab} onChoose={onChoose}>
      <Tab value="users" count={counts.users && formatTotal(counts.users)}>
        Users
      </Tab>
      <Tab value="accounts" count={counts.accounts && formatTotal(counts.accounts)}>
        Accounts
      </Tab>
    </TabBar>
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
  /** Of what the filter lists, all pages. */
  exported: Export
}

export function CredentialToolbar({ filter, setFilter, ownerChoice, total, exported }: CredentialToolbarProps) {
  const change = (part: Partial<CredentialFilter>) => setFilter({ ...filter, pageToken: '', ...part }, true)
  return (
    <>
      <div role="search" className="mb-4 flex flex-wrap items-center gap-2">
        <SearchBox
          what={ownerChoice ? 'Name, client ID or owner' : 'Name or client ID'}
          value={filter.search}
          onSearch={(search) => change({ search })}
        />
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
        <ScopeChoice scope={filter.scope} onChoose={(scope) => change({ scope })} />
        <p role="status" className="ml-auto text-sm text-muted">
          {exported.read !== undefined
            ? `${exported.read.toLocaleString('en')} read…`
            : total && `${formatTotal(total)} ${total.count === 1 && !total.more ? 'credential' : 'credentials'}`}
        </p>
        <ExportButton exported={exported} empty={total?.count === 0} />
      </div>
      {exported.error !== undefined && (
        <Notice kind="bad" className="mb-4">
          The list was not exported. {formFaults(exported.error, []).general}
        </Notice>
      )}
    </>
  )
}

/** Every scope there is, by its description; one that is gone from the catalogue stands by its value. */
function ScopeChoice({ scope, onChoose }: { scope: string; onChoose: (scope: string) => void }) {
  const catalogue = useScopesAndApis()
  const known = (catalogue.data?.scopes ?? []).filter(({ value, on_offer, retired }) => on_offer || retired || value === scope)
  const choices: Choice<string>[] = [
    { value: '', label: 'All scopes' },
    ...known.map(({ value, description }) => ({ value, label: description, detail: value })),
    ...(scope && !known.some(({ value }) => value === scope) ? [{ value: scope, label: scope }] : []),
  ]
  return <ChoiceButton label="Scope" value={scope} choices={choices} onChoose={onChoose} />
}

function ExportButton({ exported, empty }: { exported: Export; empty: boolean }) {
  if (exported.read !== undefined) return <Button onClick={exported.stop}>Stop export</Button>
  return (
    <Button disabled={empty} icon={<Download className="size-4" aria-hidden="true" />} onClick={exported.start}>
      Export CSV
    </Button>
  )
}
