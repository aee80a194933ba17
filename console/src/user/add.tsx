import { useRef, useState, type FormEvent } from 'react'
import { formFaults } from '../api/problem'
import type { NewUser, Role, SetUpLink, User } from '../api/types'
import { FormProblem } from '../credential/form-problem'
import { useSession } from '../session/session'
import { Button } from '../ui/button'
import { Dialog, DialogBody, DialogFooter, DialogHeader } from '../ui/dialog'
import { Field } from '../ui/field'
import { Notice } from '../ui/notice'
import { userPath, useRefreshUsers } from './queries'
import { RoleChoice } from './role'
import { SetUpLinkView } from './set-up-link'

interface AddUserDialogProps {
  open: boolean
  onClose: () => void
}

/** Adds a person and shows their set-up link, in one dialog. */
export function AddUserDialog({ open, onClose }: AddUserDialogProps) {
  const [made, setMade] = useState<{ user: User; link: SetUpLink }>()
  const email = useRef<HTMLInputElement>(null)
  return (
    <Dialog open={open} onClose={onClose} onClosed={() => setMade(undefined)} sticky initialFocus={email}>
      {made ? (
        <SetUpLinkView {...made} title="User added" onClose={onClose} />
      ) : (
        <AddUserForm emailInput={email} onMade={(user, link) => setMade({ user, link })} onCancel={onClose} />
      )}
    </Dialog>
  )
}

const FIELDS = ['email', 'name', 'role'] as const

interface AddUserFormProps {
  emailInput: React.RefObject<HTMLInputElement | null>
  onMade: (user: User, link: SetUpLink) => void
  onCancel: () => void
}

function AddUserForm({ emailInput, onMade, onCancel }: AddUserFormProps) {
  const { api } = useSession()
  const refresh = useRefreshUsers()
  const [email, setEmail] = useState('')
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('supervisor')
  // Set once the person is added: a failing link is tried again alone.
  const [added, setAdded] = useState<User>()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    setError(undefined)
    try {
      const body: NewUser = { email, role, ...(name.trim() && { name }) }
      const user = added ?? (await api.post<User>('/users', body))
      setAdded(user)
      void refresh()
      onMade(user, await api.post<SetUpLink>(`${userPath(user.user_id)}/set-up-link`))
    } catch (refusal) {
      setError(refusal)
      setBusy(false)
    }
  }

  const faults = formFaults(error, FIELDS)
  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-col">
      <DialogHeader title="Add user" onClose={onCancel}>
        They join this account. Nothing is sent: you get a link to give to them.
      </DialogHeader>
      <DialogBody>
        <FormProblem error={error} message={faults.general} />
        {added ? (
          <Notice kind="warn">{added.email} was added. Only the set-up link is still missing.</Notice>
        ) : (
          <>
            <Field label="E-mail address" error={faults.fields['email']}>
              {(control) => (
                <input
                  {...control}
                  ref={emailInput}
                  type="email"
                  className="field"
                  value={email}
                  maxLength={254}
                  autoComplete="off"
                  onChange={(event) => setEmail(event.currentTarget.value)}
                />
              )}
            </Field>
            <Field label="Name" hint="Optional." error={faults.fields['name']}>
              {(control) => (
                <input
                  {...control}
                  className="field"
                  value={name}
                  maxLength={200}
                  autoComplete="off"
                  onChange={(event) => setName(event.currentTarget.value)}
                />
              )}
            </Field>
            <RoleChoice value={role} onChange={setRole} error={faults.fields['role']} />
          </>
        )}
      </DialogBody>
      <DialogFooter>
        <Button onClick={onCancel}>{added ? 'Close' : 'Cancel'}</Button>
        <Button type="submit" look="primary" busy={busy}>
          {added ? 'Make the link' : 'Add user'}
        </Button>
      </DialogFooter>
    </form>
  )
}
