import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, type FormEvent, type RefObject } from 'react'
import { ApiClient } from '../api/client'
import { formFaults } from '../api/problem'
import type { Me, OwnPassword } from '../api/types'
import { FormProblem } from '../credential/form-problem'
import { ownPasswordQueryOptions } from '../security/queries'
import { Button } from '../ui/button'
import { Dialog, DialogBody, DialogFooter, DialogHeader } from '../ui/dialog'
import { Notice } from '../ui/notice'
import { Snippet } from '../ui/snippet'
import { PasswordField, UsernameForManagers } from '../ui/password-field'
import { useSession } from './session'

interface ReauthenticationDialogProps {
  /** Speaks in the account where the question came up. */
  api: ApiClient
  open: boolean
  onSettled: (confirmed: boolean) => void
  /** Called when the dialog has left the page. */
  onClosed: () => void
}

/** Confirm it is you: by password, or by the ways out of a person who has none. */
export default function ReauthenticationDialog({ api, open, onSettled, onClosed }: ReauthenticationDialogProps) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <Dialog open={open} onClose={() => onSettled(false)} onClosed={onClosed} sticky above initialFocus={input}>
      <Question api={api} input={input} onSettled={onSettled} />
    </Dialog>
  )
}

interface QuestionProps extends Pick<ReauthenticationDialogProps, 'api' | 'onSettled'> {
  input: RefObject<HTMLInputElement | null>
}

function Question({ api, input, onSettled }: QuestionProps) {
  // Read each time: it may have been set in another tab, which is one of the ways out.
  const own = useQuery({ ...ownPasswordQueryOptions(api), staleTime: 0, refetchOnWindowFocus: 'always' })
  if (own.data && !(own.data.set && own.data.sign_in)) return <WithoutPassword password={own.data} onSettled={onSettled} />
  return <PasswordQuestion api={api} input={input} onSettled={onSettled} />
}

function PasswordQuestion({ api, input, onSettled }: QuestionProps) {
  const { me } = useSession()
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy || password === '') return
    setBusy(true)
    setError(undefined)
    try {
      await api.post('/me/reauthenticate', { password })
      setPassword('')
      onSettled(true)
    } catch (refusal) {
      setError(refusal)
      setBusy(false)
      input.current?.select()
    }
  }
  const faults = formFaults(error, ['password'])
  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-col">
      <DialogHeader title="Confirm it is you" onClose={() => onSettled(false)}>
        This change asks for your password first. What you entered is kept.
      </DialogHeader>
      <DialogBody>
        <FormProblem error={error} message={faults.general} />
        <UsernameForManagers email={me.email} />
        <PasswordField
          label="Password"
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
          error={faults.fields['password']}
          input={input}
        />
      </DialogBody>
      <DialogFooter>
        <Button onClick={() => onSettled(false)}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy} disabled={password === ''}>
          Confirm
        </Button>
      </DialogFooter>
    </form>
  )
}

interface WithoutPasswordProps {
  password: OwnPassword
  onSettled: (confirmed: boolean) => void
}

/**
 * Who has no password proves it by a fresh sign-in. Setting the first one wants that as well: else whoever got
 * hold of an open session could set it. It happens in another tab, so that this page keeps what was entered.
 */
function WithoutPassword({ password, onSettled }: WithoutPasswordProps) {
  const { me } = useSession()
  const again = useRef<HTMLButtonElement>(null)
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<string>()
  useEffect(() => again.current?.focus(), [])
  const tryAgain = async () => {
    setBusy(true)
    const refused = await otherPerson(me)
    setBusy(false)
    setFault(refused)
    if (!refused) onSettled(true)
  }
  return (
    <>
      <DialogHeader title="Confirm it is you" onClose={() => onSettled(false)}>
        {password.sign_in
          ? 'You have no password, so only a fresh sign-in can confirm it.'
          : 'This server takes no passwords, so only a fresh sign-in can confirm it.'}
      </DialogHeader>
      <DialogBody className="gap-4">
        {fault && <Notice kind="bad">{fault}</Notice>}
        <ol className="flex list-decimal flex-col gap-3 pl-5">
          <li>
            Ask the operator of this server for a new sign-in link. They make it with
            <div className="mt-1.5">
              <Snippet what="command" text={`claviger user set-up-link ${me.email}`} />
            </div>
          </li>
          <li>
            Open it in another tab of this browser{password.sign_in && ', and choose a password there: next time that is enough'}.
          </li>
          <li>Come back here and press Try again. What you entered is kept.</li>
        </ol>
      </DialogBody>
      <DialogFooter>
        <Button onClick={() => onSettled(false)}>Cancel</Button>
        <Button ref={again} look="primary" busy={busy} onClick={tryAgain}>
          Try again
        </Button>
      </DialogFooter>
    </>
  )
}

/**
 * Why the change must not be sent again: a link may have signed in somebody else in this browser meanwhile, and
 * it would be theirs. Undefined when it is the same person.
 */
async function otherPerson(me: Me): Promise<string | undefined> {
  try {
    const now = await new ApiClient().get<Me>('/me')
    if (now.user_id === me.user_id) return undefined
    return `${now.email} is signed in now, in this browser. Nothing was sent. Cancel and reload this page to go on as them, or sign in as ${me.email} again.`
  } catch (error) {
    return formFaults(error, []).general
  }
}
