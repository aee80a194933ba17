import { ChevronsUpDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { useLocation } from 'wouter'
import type { Role } from '../api/types'
import { useSession } from '../session/session'
import { Menu, MenuChoices } from '../ui/menu'
import { Mark } from './mark'

const ROLE_WORDS: Record<Role, string> = { admin: 'Admin', supervisor: 'Supervisor', agent: 'Agent' }

const BOX = 'flex w-full min-w-0 items-center gap-2.5 rounded-control px-2.5 py-1.5 text-left'

/** The account being worked in; with several, a menu of the others. The choice is kept in the URL alone. */
export function AccountSwitcher({ onGo, aside }: { onGo: () => void; aside?: ReactNode }) {
  const { me } = useSession()
  const [, go] = useLocation()
  const name = me.accounts.find((account) => account.account_id === me.account_id)?.name ?? 'Claviger'
  const face = (
    <>
      <Mark />
      <span className="min-w-0 flex-1">
        <span className="block truncate leading-5 font-semibold">{name}</span>
        <span className="block text-xs text-muted">{ROLE_WORDS[me.role]}</span>
      </span>
    </>
  )
  return (
    <div className="flex h-14 shrink-0 items-center border-b border-line px-1.5">
      {me.accounts.length < 2 ? (
        <div className={BOX}>{face}</div>
      ) : (
        <Menu
          align="start"
          trigger={
            <button type="button" title="Change account" className={`${BOX} hover:bg-hover`}>
              <span className="sr-only">Account: </span>
              {face}
              <ChevronsUpDown className="size-4 shrink-0 text-muted" aria-hidden="true" />
            </button>
          }
        >
          <MenuChoices
            label="Account"
            showLabel
            value={me.account_id}
            choices={me.accounts.map((account) => ({
              value: account.account_id,
              label: account.name,
              detail: ROLE_WORDS[account.role],
            }))}
            onChoose={(account) => {
              onGo()
              go(`/?${new URLSearchParams({ account })}`)
            }}
          />
        </Menu>
      )}
      {aside}
    </div>
  )
}
