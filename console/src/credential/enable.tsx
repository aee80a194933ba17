import type { Credential } from '../api/types'
import { useSession } from '../session/session'
import { useToast } from '../ui/toast'
import { ConfirmDialog } from './confirm'
import { credentialPath, useRefreshCredentials } from './queries'
import { hasSecrets } from './secret'

interface EnableDialogProps {
  credential: Credential
  open: boolean
  onClose: () => void
  onClosed: () => void
}

/** Lets a disabled credential work again. */
export function EnableDialog({ credential, ...dialog }: EnableDialogProps) {
  const { api } = useSession()
  const refresh = useRefreshCredentials()
  const toast = useToast()
  const confirm = async () => {
    await api.post(`${credentialPath(credential.client_id)}/enable`)
    toast(`${credential.name} was enabled.`)
    dialog.onClose()
    await refresh()
  }
  return (
    <ConfirmDialog {...dialog} title="Enable API credential" action="Enable" danger={false} onConfirm={confirm}>
      <p>
        Programs using <strong className="font-semibold break-words">{credential.name}</strong> can get tokens again
        {hasSecrets(credential) && ', with the secrets they had'}.
      </p>
    </ConfirmDialog>
  )
}
