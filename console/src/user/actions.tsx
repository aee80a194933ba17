import { useQuery } from '@tanstack/react-query'
import { Ellipsis, Link2, Power, PowerOff, Trash2, UserCog } from 'lucide-react'
import { useRef, useState, type ReactNode } from 'react'
import type { User, UserChange } from '../api/types'
import { ConfirmDialog } from '../credential/confirm'
import { useSession } from '../session/session'
import { IconButton } from '../ui/button'
import { Menu, MenuItem, MenuSeparator } from '../ui/menu'
import { Notice } from '../ui/notice'
import { useToast } from '../ui/toast'
import type { UserDialogProps } from './dialog'
import { nameOf, Person } from './person'
import { ownedQueryOptions, userPath, useRefreshUsers } from './queries'
import { RoleChoice } from './role'
import { NewSetUpLinkDialog } from './set-up-link'
import { ROLE_WORDS } from './words'

export type UserAction = 'role' | 'link' | 'deactivate' | 'activate' | 'remove'

/** Starts an action on a user. */
export type StartUserAction = (action: UserAction, user: User) => void

/** The dialogs of the actions on users, one at a time, outside the rows: a row may go while its dialog is open. */
export function useUserActions(): { start: StartUserAction; dialogs: ReactNode } {
  const [current, setCurrent] = useState<{ action: UserAction; user: User }>()
  const [open, setOpen] = useState(false)
  const start: StartUserAction = (action, user) => {
    setCurrent({ action, user })
    setOpen(true)
  }
  const shared = { open, onClose: () => setOpen(false), onClosed: () => setCurrent(undefined) }
  return { start, dialogs: current && <ActionDialog {...current} {...shared} /> }
}

function ActionDialog({ action, ...rest }: UserDialogProps & { action: UserAction }) {
  switch (action) {
    case 'role':
      return <RoleDialog {...rest} />
    case 'link':
      return <NewSetUpLinkDialog {...rest} />
    case 'deactivate':
      return <DeactivateDialog {...rest} />
    case 'activate':
      return <ActivateDialog {...rest} />
    case 'remove':
      return <RemoveDialog {...rest} />
  }
}

/** Saves a change of a user, says so, and reads everything that follows from it again. */
function useSave({ user, onClose }: UserDialogProps) {
  const { api } = useSession()
  const refresh = useRefreshUsers()
  const toast = useToast()
  return async (change: UserChange | 'remove', done: string) => {
    const path = userPath(user.user_id)
    if (change === 'remove') await api.delete(path)
    else await api.patch<User>(path, change, '*')
    toast(done)
    onClose()
    await refresh()
  }
}

function RoleDialog(props: UserDialogProps) {
  const { user } = props
  const save = useSave(props)
  const [role, setRole] = useState(user.role)
  const chosen = useRef<HTMLInputElement>(null)
  return (
    <ConfirmDialog
      {...props}
      title="Change role"
      action="Change role"
      danger={false}
      ready={role !== user.role}
      initialFocus={chosen}
      onConfirm={() => save({ role }, `${nameOf(user)} is now ${ROLE_WORDS[role].toLowerCase()}.`)}
      field={(fault) => <RoleChoice value={role} onChange={setRole} chosen={chosen} error={fault} />}
    >
      <p>
        <Person user={user} /> is {ROLE_WORDS[user.role].toLowerCase()} in this account.
      </p>
      <p className="text-sm text-muted">
        Rights follow at once: their API credentials and tokens lose what the new role does not allow.
      </p>
    </ConfirmDialog>
  )
}

function DeactivateDialog(props: UserDialogProps) {
  const { user } = props
  const save = useSave(props)
  return (
    <ConfirmDialog
      {...props}
      title="Deactivate user"
      action="Deactivate"
      onConfirm={() => save({ status: 'deactivated' }, `${nameOf(user)} was deactivated.`)}
    >
      <p>
        <Person user={user} /> can no longer use this account. You can activate them again.
      </p>
      <OwnedNotice {...props}>Once the person is active again, so is what they own; tokens issued before stay dead.</OwnedNotice>
    </ConfirmDialog>
  )
}

function ActivateDialog(props: UserDialogProps) {
  const { user } = props
  const save = useSave(props)
  return (
    <ConfirmDialog
      {...props}
      title="Activate user"
      action="Activate"
      danger={false}
      onConfirm={() => save({ status: 'active' }, `${nameOf(user)} is active again.`)}
    >
      <p>
        <Person user={user} /> can use this account again, as {ROLE_WORDS[user.role].toLowerCase()}, and their API
        credentials work again. They sign in anew.
      </p>
    </ConfirmDialog>
  )
}

function RemoveDialog(props: UserDialogProps) {
  const { user } = props
  const save = useSave(props)
  return (
    <ConfirmDialog
      {...props}
      title="Remove user"
      action="Remove"
      onConfirm={() => save('remove', `${nameOf(user)} was removed.`)}
    >
      <p>
        <Person user={user} /> leaves this account. If they belong to others, they stay there.
      </p>
      <OwnedNotice {...props}>
        Admins still see what they owned, as suspended, and can delete it. Should you add the person again, what is left
        works again.
      </OwnedNotice>
    </ConfirmDialog>
  )
}

/** What becomes of a person's own credentials when they can no longer use the account. */
function OwnedNotice({ user, open, children }: UserDialogProps & { children: ReactNode }) {
  const { api } = useSession()
  const owned = useQuery({ ...ownedQueryOptions(api, user.user_id), enabled: open })
  if (owned.data?.count === 0) return <Notice kind="info">They own no API credentials in this account.</Notice>
  const many = owned.data ? `${owned.data.count}${owned.data.more ? '+' : ''} ` : ''
  const one = owned.data?.count === 1 && !owned.data.more
  return (
    <Notice kind="warn">
      {one ? 'Their API credential stops' : `Their ${many}API credentials stop`} working at once, with every token issued.{' '}
      {children}
    </Notice>
  )
}

/** The menu of a row. */
export function UserMenu({ user, start }: { user: User; start: StartUserAction }) {
  return (
    <Menu
      trigger={
        <IconButton label={`Actions for ${nameOf(user)}`} title="Actions">
          <Ellipsis className="size-4" aria-hidden="true" />
        </IconButton>
      }
    >
      <MenuItem icon={<UserCog />} onClick={() => start('role', user)}>
        Change role
      </MenuItem>
      {user.status === 'active' && !user.last_seen_at && (
        <MenuItem icon={<Link2 />} onClick={() => start('link', user)}>
          New set-up link
        </MenuItem>
      )}
      {user.status === 'active' ? (
        <MenuItem icon={<PowerOff />} onClick={() => start('deactivate', user)}>
          Deactivate
        </MenuItem>
      ) : (
        <MenuItem icon={<Power />} onClick={() => start('activate', user)}>
          Activate
        </MenuItem>
      )}
      <MenuSeparator />
      <MenuItem danger icon={<Trash2 />} onClick={() => start('remove', user)}>
        Remove
      </MenuItem>
    </Menu>
  )
}
