import type { Status } from '../api/types'
import { ChoiceButton } from '../ui/choice'
import type { Choice } from '../ui/menu'
import { SearchBox } from '../ui/search-box'
import { Tab, TabBar } from '../ui/tabs'
import { STATUSES, type CredentialFilter } from './filter'
import type { Total } from './queries'
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
}

export function CredentialToolbar({ filter, setFilter, ownerChoice, total }: CredentialToolbarProps) {
  const change = (part: Partial<CredentialFilter>) => setFilter({ ...filter, pageToken: '', ...part }, true)
  return (
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
      <p role="status" className="ml-auto text-sm text-muted">
        {total && `${formatTotal(total)} ${total.count === 1 ? 'credential' : 'credentials'}`}
      </p>
    </div>
  )
}

function formatTotal({ count, more }: Total): string {
  return count.toLocaleString('en') + (more ? '+' : '')
}
