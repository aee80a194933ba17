import { useState } from 'react'
import type { Credential, Secret } from '../api/types'
import { useSession } from '../session/session'
import { Ago } from '../ui/time'
import { useToast } from '../ui/toast'
import { ConfirmDialog } from './confirm'
import { credentialPath, useRefreshCredentials } from './queries'
import { secretName } from './secret'

interface DeleteSecretDialogProps {
  credential: Credential
  secret: Secret
  open: boolean
  onClose: () => void
  onClosed: () => void
}

/** Ends one secret at once, and on request every token with it. */
export function DeleteSecretDialog({ credential, secret, ...dialog }: DeleteSecretDialogProps) {
  const { api } = useSession()
  const refresh = useRefreshCredentials()
  const toast = useToast()
  const [compromised, setCompromised] = useState(false)
  const confirm = async () => {
    const path = `${credentialPath(credential.client_id)}/secrets/${encodeURIComponent(secret.secret_id)}`
    await api.delete(compromised ? `${path}?compromised=true` : path)
    toast(`The secret ending in ${secret.hint} was deleted.`)
    dialog.onClose()
    await refresh()
  }
  return (
    <ConfirmDialog {...dialog} title="Delete secret" action="Delete secret" onConfirm={confirm}>
      <p>
        Programs that use the secret <strong className="font-semibold break-words">{secretName(secret)}</strong> are
        refused from now on. It was{' '}
        {secret.last_used_at ? (
          <>
            last used <Ago time={secret.last_used_at} />.
          </>
        ) : (
          'never used.'
        )}
      </p>
      <label className="flex items-start gap-2.5">
        <input
          type="checkbox"
          className="mt-0.5 size-4 shrink-0 accent-(--color-accent)"
          checked={compromised}
          onChange={(event) => setCompromised(event.currentTarget.checked)}
        />
        <span>
          It may have leaked
          <span className="block text-sm text-muted">
            Every token of this credential stops working too, whichever secret it was got with.
          </span>
        </span>
      </label>
    </ConfirmDialog>
  )
}
