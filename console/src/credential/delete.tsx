import { useRef, useState } from 'react'
import type { Credential } from '../api/types'
import { useSession } from '../session/session'
import { Field } from '../ui/field'
import { Notice } from '../ui/notice'
import { Ago } from '../ui/time'
import { useToast } from '../ui/toast'
import { ConfirmDialog } from './confirm'
import { credentialPath, useForgetCredential, useRefreshCredentials } from './queries'
import { hasSecrets } from './secret'

interface CredentialDialogProps {
  credential: Credential
  open: boolean
  onClose: () => void
  onClosed: () => void
}

interface DeleteDialogProps extends CredentialDialogProps {
  onDeleted?: () => void
}

/** Deletes a credential once its name was typed. */
export function DeleteDialog({ credential, open, onClose, onClosed, onDeleted }: DeleteDialogProps) {
  const { api } = useSession()
  const forget = useForgetCredential()
  const toast = useToast()
  const [typed, setTyped] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const confirm = async () => {
    await api.delete(credentialPath(credential.client_id))
    toast(`${credential.name} was deleted.`)
    onDeleted?.()
    onClose()
    await forget(credential.client_id)
  }
  return (
    <ConfirmDialog
      open={open}
      title="Delete API credential"
      action="Delete"
      ready={sameName(typed, credential.name)}
      onConfirm={confirm}
      onClose={onClose}
      onClosed={onClosed}
      initialFocus={input}
    >
      <p>
        <strong className="font-semibold break-words">{credential.name}</strong>{' '}
        {hasSecrets(credential) ? 'and its secrets go' : 'goes'} for good, and tokens it was given stop working.
        {credential.status !== 'disabled' && ' If you are not sure, disable it instead: that can be undone.'}
      </p>
      <Notice kind={credential.last_used_at ? 'warn' : 'info'}>
        {credential.last_used_at ? (
          <>
            Last used <Ago time={credential.last_used_at} />
            {credential.last_used_address && ` from ${credential.last_used_address}`}. Programs that use it will fail.
          </>
        ) : (
          'It was never used.'
        )}
      </Notice>
      <Field label="Type its name to confirm" hint={<span className="break-words">Its name is “{credential.name}”.</span>}>
        {(control) => (
          <input
            {...control}
            ref={input}
            className="field"
            value={typed}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Field>
    </ConfirmDialog>
  )
}

/** Names are stored in NFC; keyboards may type other spellings of the same letters, and runs of spaces look like one. */
function sameName(typed: string, name: string): boolean {
  const plain = (text: string) => text.normalize('NFC').trim().replace(/\s+/g, ' ')
  return plain(typed) === plain(name)
}

/** Asks before a credential is switched off. */
export function DisableDialog({ credential, open, onClose, onClosed }: CredentialDialogProps) {
  const { api } = useSession()
  const refresh = useRefreshCredentials()
  const toast = useToast()
  const confirm = async () => {
    await api.post(`${credentialPath(credential.client_id)}/disable`)
    toast(`${credential.name} was disabled.`)
    onClose()
    await refresh()
  }
  return (
    <ConfirmDialog open={open} title="Disable API credential" action="Disable" onConfirm={confirm} onClose={onClose} onClosed={onClosed}>
      <p>
        Programs using <strong className="font-semibold break-words">{credential.name}</strong> get no more tokens, and
        tokens they have stop working. You can enable it again; tokens issued before stay dead.
      </p>
    </ConfirmDialog>
  )
}
