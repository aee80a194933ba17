import { useEffect, useRef, useState, type FormEvent } from 'react'
import { formFaults } from '../api/problem'
import type { SetUpLink, User } from '../api/types'
import { FormProblem } from '../credential/form-problem'
import { useSession } from '../session/session'
import { Button } from '../ui/button'
import { CopyButton } from '../ui/copy'
import { Dialog, DialogBody, DialogFooter, DialogHeader } from '../ui/dialog'
import { Field } from '../ui/field'
import { Notice } from '../ui/notice'
import { exactTime } from '../ui/time'
import type { UserDialogProps } from './dialog'
import { Person } from './person'
import { userPath } from './queries'

interface SetUpLinkViewProps {
  user: User
  link: SetUpLink
  title: string
  onClose: () => void
}

/** Shows a set-up link, for the only time. */
export function SetUpLinkView({ user, link, title, onClose }: SetUpLinkViewProps) {
  const copy = useRef<HTMLSpanElement>(null)
  // The button that had the focus is gone; the next thing to do takes it.
  useEffect(() => copy.current?.querySelector('button')?.focus(), [])
  return (
    <>
      <DialogHeader title={title} onClose={onClose}>
        Give this link to <strong className="font-medium text-fg">{user.email}</strong>, over a channel you trust.
      </DialogHeader>
      <DialogBody>
        <Field label="Set-up link" hint={`Works once, until ${exactTime(link.expires_at)}.`}>
          {(control) => (
            <span className="flex items-center gap-2">
              <input
                {...control}
                readOnly
                className="field min-w-0 font-mono text-xs"
                value={link.url}
                onFocus={(event) => event.currentTarget.select()}
              />
              <span ref={copy}>
                <CopyButton text={link.url} what="set-up link" look="primary" />
              </span>
            </span>
          )}
        </Field>
        <Notice kind="info">
          It is shown this once. A new one can be made while they have not signed in here. If they have a sign-in at this
          server already, they open it signed in as themselves.
        </Notice>
      </DialogBody>
      <DialogFooter>
        <Button onClick={onClose}>Done</Button>
      </DialogFooter>
    </>
  )
}

/** Makes a new link for who has not signed in here yet. It swaps its own content: a second dialog would steal the focus. */
export function NewSetUpLinkDialog({ user, open, onClose, onClosed }: UserDialogProps) {
  const { api } = useSession()
  const [link, setLink] = useState<SetUpLink>()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const cancel = useRef<HTMLButtonElement>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    setError(undefined)
    try {
      setLink(await api.post<SetUpLink>(`${userPath(user.user_id)}/set-up-link`))
    } catch (refusal) {
      setError(refusal)
      setBusy(false)
    }
  }
  return (
    <Dialog open={open} onClose={onClose} onClosed={onClosed} sticky initialFocus={cancel}>
      {link ? (
        <SetUpLinkView user={user} link={link} title="New set-up link" onClose={onClose} />
      ) : (
        <form onSubmit={submit} noValidate className="flex min-h-0 flex-col">
          <DialogHeader title="New set-up link" onClose={onClose} />
          <DialogBody className="gap-4">
            <p>
              <Person user={user} /> gets into this account with it, once, within 24 hours. A link made earlier stops
              working.
            </p>
            <FormProblem error={error} message={formFaults(error, []).general} />
          </DialogBody>
          <DialogFooter>
            <Button ref={cancel} onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" look="primary" busy={busy}>
              Make the link
            </Button>
          </DialogFooter>
        </form>
      )}
    </Dialog>
  )
}
