import { Plus, Trash2 } from 'lucide-react'
import { useRef, useState, type FormEvent, type ReactNode } from 'react'
import type { Versioned } from '../api/client'
import { formFaults, Problem } from '../api/problem'
import type { Credential } from '../api/types'
import { useSession } from '../session/session'
import { Button, IconButton } from '../ui/button'
import { Card } from '../ui/card'
import { CopyIcon } from '../ui/copy'
import { Dialog, DialogBody, DialogFooter, DialogHeader } from '../ui/dialog'
import { useFocusOnFault } from '../ui/field'
import { useToast } from '../ui/toast'
import { ConfirmDialog } from './confirm'
import { FormProblem } from './form-problem'
import { keyWords, MAX_KEYS, readKeys, type Key } from './key'
import { KeyField } from './key-field'
import { credentialPath, useRefreshCredentials } from './queries'

interface KeysCardProps {
  loaded: Versioned<Credential>
  mayEdit: boolean
}

/** The public keys of a credential that signs assertions. */
export function KeysCard({ loaded, mayEdit }: KeysCardProps) {
  const keys = loaded.value.jwks?.keys ?? []
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<Key>()
  const [open, setOpen] = useState(false)
  const full = keys.length >= MAX_KEYS
  return (
    <Card
      title="Keys"
      actions={
        mayEdit && (
          <Button disabled={full} icon={<Plus className="size-4" aria-hidden="true" />} onClick={() => setAdding(true)}>
            Add keys
          </Button>
        )
      }
    >
      {full && mayEdit && <p className="-mt-2 mb-3 text-sm text-muted">{MAX_KEYS} is the most a credential can have. Remove one to add another.</p>}
      <ul aria-label="Public keys" className="divide-y divide-line">
        {keys.map((key) => (
          <KeyRow key={key.kid} shown={key}>
            {mayEdit && keys.length > 1 && (
              <IconButton
                label={`Remove key ${key.kid}`}
                title="Remove key"
                className="-mr-1.5"
                onClick={() => {
                  setRemoving(key)
                  setOpen(true)
                }}
              >
                <Trash2 className="size-4" aria-hidden="true" />
              </IconButton>
            )}
          </KeyRow>
        ))}
      </ul>
      <AddKeysDialog loaded={loaded} open={adding} onClose={() => setAdding(false)} />
      {removing && (
        <RemoveKeyDialog
          loaded={loaded}
          removed={removing}
          open={open}
          onClose={() => setOpen(false)}
          onClosed={() => setRemoving(undefined)}
        />
      )}
    </Card>
  )
}

function KeyRow({ shown, children }: { shown: Key; children: ReactNode }) {
  return (
    <li className="flex items-start gap-3 py-3 first:pt-0 last:pb-0">
      <div className="min-w-0 flex-1">
        <p>{keyWords(shown)}</p>
        <p className="flex min-w-0 items-center gap-0.5 text-sm text-muted">
          <code className="min-w-0 font-mono text-xs break-all">{shown.kid}</code>
          <CopyIcon small text={shown.kid ?? ''} what="key ID" />
        </p>
      </div>
      {children}
    </li>
  )
}

/** Replaces the keys of a credential, unless somebody changed it meanwhile. */
function useReplaceKeys({ value, etag }: Versioned<Credential>) {
  const { api } = useSession()
  const refresh = useRefreshCredentials()
  return async (keys: readonly Key[]) => {
    try {
      await api.patch<Credential>(credentialPath(value.client_id), { jwks: { keys } }, etag)
    } catch (refusal) {
      if (!(refusal instanceof Problem) || refusal.status !== 412) throw refusal
      await refresh()
      throw new Problem(412, { code: refusal.code, detail: 'Somebody changed this credential meanwhile; nothing was saved. Look at its keys as they are now, and try again.' })
    }
    await refresh()
  }
}

interface DialogProps {
  loaded: Versioned<Credential>
  open: boolean
  onClose: () => void
}

function AddKeysDialog({ loaded, open, onClose }: DialogProps) {
  const cancel = useRef<HTMLButtonElement>(null)
  const [text, setText] = useState('')
  const [fault, setFault] = useState<string>()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const form = useRef<HTMLFormElement>(null)
  useFocusOnFault(form, fault, error)
  const replace = useReplaceKeys(loaded)
  const toast = useToast()
  const clear = () => {
    setText('')
    setFault(undefined)
    setError(undefined)
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    const read = readKeys(text)
    setError(undefined)
    setFault('fault' in read ? read.fault : undefined)
    if ('fault' in read) return
    setBusy(true)
    try {
      await replace([...(loaded.value.jwks?.keys ?? []), ...read.keys])
      toast(read.keys.length === 1 ? 'The key was added.' : `${read.keys.length} keys were added.`)
      onClose()
    } catch (refusal) {
      setError(refusal)
    } finally {
      setBusy(false)
    }
  }
  const faults = formFaults(error, ['jwks'])
  return (
    <Dialog open={open} onClose={onClose} onClosed={clear} sticky wide initialFocus={cancel}>
      <form ref={form} onSubmit={submit} noValidate className="flex min-h-0 flex-col">
        <DialogHeader title="Add keys" onClose={onClose}>
          Programs can sign with any of the keys. To exchange one, add the new, move the programs, then remove the old.
        </DialogHeader>
        <DialogBody>
          <FormProblem error={error} message={faults.general} />
          <KeyField value={text} onChange={setText} error={fault ?? faults.fields.jwks} />
        </DialogBody>
        <DialogFooter>
          <Button ref={cancel} onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" busy={busy}>
            Add
          </Button>
        </DialogFooter>
      </form>
    </Dialog>
  )
}

interface RemoveKeyDialogProps extends DialogProps {
  removed: Key
  onClosed: () => void
}

function RemoveKeyDialog({ loaded, removed, ...dialog }: RemoveKeyDialogProps) {
  const replace = useReplaceKeys(loaded)
  const toast = useToast()
  const confirm = async () => {
    await replace((loaded.value.jwks?.keys ?? []).filter((key) => key.kid !== removed.kid))
    toast('The key was removed.')
    dialog.onClose()
  }
  return (
    <ConfirmDialog {...dialog} title="Remove key" action="Remove key" onConfirm={confirm}>
      <p>
        Programs that sign with the key <code className="font-mono text-xs break-all">{removed.kid}</code> get no more tokens.
      </p>
      <p className="text-sm text-muted">
        Tokens they have live on to their end. If the key was stolen, disable the credential afterwards and enable it again: that
        ends its tokens.
      </p>
    </ConfirmDialog>
  )
}
