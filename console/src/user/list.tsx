import { useQuery } from '@tanstack/react-query'
import { Plus, Search } from 'lucide-react'
import { useState } from 'react'
import type { User, UserStatus } from '../api/types'
import { useSession } from '../session/session'
import { Button } from '../ui/button'
import { classes } from '../ui/classes'
import { Loading } from '../ui/loading'
import { useWide } from '../ui/media'
import { PageHeader } from '../ui/page'
import { Ago } from '../ui/time'
import { UserMenu, useUserActions, type StartUserAction } from './actions'
import { AddUserDialog } from './add'
import { nameOf } from './person'
import { usersQueryOptions } from './queries'
import { ROLE_WORDS, USER_STATUS_WORDS } from './words'

/** From how many users on there is a search box. */
const SEARCH_FROM = 10

/** The page Users, for admins. */
export default function UserListPage() {
  const { api } = useSession()
  const users = useQuery(usersQueryOptions(api))
  const [adding, setAdding] = useState(false)
  const [search, setSearch] = useState('')
  const { start, dialogs } = useUserActions()
  const all = users.data?.users ?? []
  const shown = all.filter((user) => matches(user, search))
  return (
    <>
      <PageHeader
        title="Users"
        actions={
          <Button look="primary" icon={<Plus className="size-4" aria-hidden="true" />} onClick={() => setAdding(true)}>
            Add user
          </Button>
        }
      >
        Who belongs to this account, and in which role. Rights follow the person: their API credentials can do what they
        may do themselves.
      </PageHeader>
      {all.length >= SEARCH_FROM && <SearchBox value={search} onChange={setSearch} found={shown.length} />}
      {users.data ? <UserTable users={shown} start={start} /> : <Loading query={users} what="users" />}
      <AddUserDialog open={adding} onClose={() => setAdding(false)} />
      {dialogs}
    </>
  )
}

function matches(user: User, search: string): boolean {
  const wanted = search.trim().toLowerCase()
  return `${user.name ?? ''} ${user.email}`.toLowerCase().includes(wanted)
}

interface SearchBoxProps {
  value: string
  onChange: (value: string) => void
  found: number
}

function SearchBox({ value, onChange, found }: SearchBoxProps) {
  return (
    <div role="search" className="mb-4 flex flex-wrap items-center gap-3">
      <span className="relative w-full sm:w-72">
        <Search className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted" aria-hidden="true" />
        <input
          type="search"
          aria-label="Search users"
          placeholder="Name or e-mail address"
          className="field pl-9"
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      </span>
      <p role="status" className="text-sm text-muted">
        {found === 1 ? '1 user' : `${found} users`}
      </p>
    </div>
  )
}

interface UserTableProps {
  users: User[]
  start: StartUserAction
}

function UserTable(props: UserTableProps) {
  const wide = useWide()
  if (props.users.length === 0) return <p className="text-muted">No user of this account fits the search.</p>
  return wide ? <WideTable {...props} /> : <Cards {...props} />
}

function WideTable({ users, start }: UserTableProps) {
  return (
    <div className="relative overflow-hidden rounded-card border border-line bg-surface">
      <table className="w-full table-fixed text-left">
        <caption className="sr-only">Users</caption>
        <thead className="border-b border-line bg-bg text-sm text-muted">
          <tr>
            <Header className="pl-4">User</Header>
            <Header className="w-32">Role</Header>
            <Header className="w-36">Added</Header>
            <Header className="w-36">Last seen</Header>
            <Header className="w-36">Status</Header>
            <th scope="col" className="w-11">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {users.map((user) => (
            <tr key={user.user_id} className="h-[3.75rem]">
              <th scope="row" className="px-3 py-1.5 pl-4 font-normal">
                <Identity user={user} />
              </th>
              <td className="px-3">{ROLE_WORDS[user.role]}</td>
              <td className="px-3 text-muted">
                <Ago time={user.created_at} />
              </td>
              <td className="px-3 text-muted">
                <LastSeen user={user} />
              </td>
              <td className="px-3">
                <UserStatusBadge status={user.status} />
              </td>
              <td className="pr-2">
                <OthersMenu user={user} start={start} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Header({ className, children }: { className: string; children: string }) {
  return (
    <th scope="col" className={classes('h-9 px-3 font-normal whitespace-nowrap', className)}>
      {children}
    </th>
  )
}

function Cards({ users, start }: UserTableProps) {
  return (
    <ul className="divide-y divide-line rounded-card border border-line bg-surface" aria-label="Users">
      {users.map((user) => (
        <li key={user.user_id} className="px-4 py-3">
          <div className="flex items-start justify-between gap-2">
            <Identity user={user} />
            <span className="-mt-1 -mr-2">
              <OthersMenu user={user} start={start} />
            </span>
          </div>
          <div className="mt-2 flex items-center justify-between gap-3 text-sm">
            <span className="min-w-0 text-muted">
              <span className="text-fg">{ROLE_WORDS[user.role]}</span> · {user.last_seen_at && 'Seen '}
              <LastSeen user={user} />
            </span>
            <UserStatusBadge status={user.status} />
          </div>
        </li>
      ))}
    </ul>
  )
}

function Identity({ user }: { user: User }) {
  const { me } = useSession()
  return (
    <span className="block min-w-0">
      <span className="flex min-w-0 items-center gap-2">
        <span className="truncate font-medium" title={nameOf(user)}>
          {nameOf(user)}
        </span>
        {user.user_id === me.user_id && <span className="rounded-md bg-sunken px-1.5 py-0.5 text-xs text-muted">You</span>}
      </span>
      {user.name && (
        <span className="block truncate text-sm text-muted" title={user.email}>
          {user.email}
        </span>
      )}
    </span>
  )
}

function LastSeen({ user }: { user: User }) {
  return user.last_seen_at ? <Ago time={user.last_seen_at} /> : <span className="whitespace-nowrap">Never seen</span>
}

/** Nobody changes their own membership here: another admin does, so that none is shut out by a slip. */
function OthersMenu({ user, start }: { user: User; start: StartUserAction }) {
  const { me } = useSession()
  return user.user_id === me.user_id ? null : <UserMenu user={user} start={start} />
}

const COLOURS: Record<UserStatus, string> = {
  active: 'bg-ok-soft text-ok',
  deactivated: 'bg-warn-soft text-warn',
  archived: 'bg-sunken text-muted',
}

function UserStatusBadge({ status }: { status: UserStatus }) {
  return (
    <span
      className={classes(
        'inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-sm font-medium whitespace-nowrap',
        COLOURS[status],
      )}
    >
      <span aria-hidden="true" className="size-1.5 rounded-full bg-current" />
      {USER_STATUS_WORDS[status]}
    </span>
  )
}
