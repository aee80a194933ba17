import { ChartColumn, Ellipsis, Power, PowerOff, RefreshCw, Trash2 } from 'lucide-react'
import { lazy, Suspense, useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import type { Credential } from '../api/types'
import { Problem } from '../api/problem'
import { usePaths } from '../session/paths'
import { IconButton } from '../ui/button'
import { Menu, MenuItem, MenuSeparator } from '../ui/menu'
import { may } from './permission'
import { hasSecrets } from './secret'

// Fetched when first wanted: the list stands without them.
const NewSecretDialog = lazy(() => import('./rotate').then((all) => ({ default: all.NewSecretDialog })))
const DisableDialog = lazy(() => import('./delete').then((all) => ({ default: all.DisableDialog })))
const DeleteDialog = lazy(() => import('./delete').then((all) => ({ default: all.DeleteDialog })))
const EnableDialog = lazy(() => import('./enable').then((all) => ({ default: all.EnableDialog })))

export type CredentialAction = 'rotate' | 'add-secret' | 'disable' | 'enable' | 'delete'

/** Starts an action on a credential. */
export type StartAction = (action: CredentialAction, credential: Credential) => void

/**
 * The dialogs of the actions on credentials, one at a time. They stand outside the rows: a row may leave the
 * list, through a refresh or another page, while its dialog is open.
 */
export function useCredentialActions(onDeleted?: () => void): { start: StartAction; dialogs: ReactNode } {
  const [current, setCurrent] = useState<{ action: CredentialAction; credential: Credential }>()
  const [open, setOpen] = useState(false)
  const start: StartAction = (action, credential) => {
    setCurrent({ action, credential })
    setOpen(true)
  }
  const shared = { open, onClose: () => setOpen(false), onClosed: () => setCurrent(undefined) }
  const dialogs = current && (
    <Suspense>
      <ActionDialog {...current} {...shared} onDeleted={onDeleted} />
    </Suspense>
  )
  return { start, dialogs }
}

interface ActionDialogProps {
  action: CredentialAction
  credential: Credential
  open: boolean
  onClose: () => void
  onClosed: () => void
  onDeleted: (() => void) | undefined
}

function ActionDialog({ action, onDeleted, ...rest }: ActionDialogProps) {
  switch (action) {
    case 'rotate':
      return <NewSecretDialog {...rest} rotate />
    case 'add-secret':
      return <NewSecretDialog {...rest} rotate={false} />
    case 'disable':
      return <DisableDialog {...rest} />
    case 'enable':
      return <EnableDialog {...rest} />
    case 'delete':
      return <DeleteDialog {...rest} {...(onDeleted && { onDeleted })} />
  }
}

/** The menu of a row. */
export function CredentialMenu({ credential, start }: { credential: Credential; start: StartAction }) {
  const paths = usePaths()
  const [, go] = useLocation()
  return (
    <Menu
      trigger={
        <IconButton label={`Actions for ${credential.name}`} title="Actions">
          <Ellipsis className="size-4" aria-hidden="true" />
        </IconButton>
      }
    >
      <MenuItem icon={<ChartColumn />} onClick={() => go(paths.usage(credential.client_id))}>
        Usage
      </MenuItem>
      {may(credential, 'edit') && hasSecrets(credential) && (
        <MenuItem icon={<RefreshCw />} onClick={() => start('rotate', credential)}>
          Rotate secret
        </MenuItem>
      )}
      {may(credential, 'enable') && credential.status === 'disabled' && (
        <MenuItem icon={<Power />} onClick={() => start('enable', credential)}>
          Enable
        </MenuItem>
      )}
      {may(credential, 'disable') && credential.status !== 'disabled' && (
        <MenuItem icon={<PowerOff />} onClick={() => start('disable', credential)}>
          Disable
        </MenuItem>
      )}
      {may(credential, 'delete') && (
        <>
          <MenuSeparator />
          <MenuItem danger icon={<Trash2 />} onClick={() => start('delete', credential)}>
            Delete
          </MenuItem>
        </>
      )}
    </Menu>
  )
}

/** Whether a refusal means that the thing, or the whole area, is not there for this person. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Problem && error.status === 404
}
