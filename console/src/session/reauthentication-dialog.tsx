import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, type FormEvent, type ReactNode, type RefObject } from 'react'
import type { ApiClient } from '../api/client'
import { formFaults } from '../api/problem'
import { signInPath } from '../api/sign-in'
import type { OwnPassword } from '../api/types'
import { FormProblem } from '../credential/form-problem'
import { ownPasswordQueryOptions } from '../security/queries'
import { Button } from '../ui/button'
import { Dialog, DialogBody, DialogFooter, DialogHeader } from '../ui/dialog'
import { PasswordField, UsernameForManagers } from '../ui/password-field'
import { SECURITY_PATH } from './paths'
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
 * Who has no password proves it by a fresh sign-in. The first password wants one as well: else whoever got hold
 * of an open session could set it. All of it happens beside this page, which keeps what was entered.
 */
function WithoutPassword({ password, onSettled }: WithoutPasswordProps) {
  const again = useRef<HTMLButtonElement>(null)
  useEffect(() => again.current?.focus(), [])
  return (
    <>
      <DialogHeader title="Confirm it is you" onClose={() => onSettled(false)}>
        {password.sign_in
          ? 'You have no password, so only a fresh sign-in can confirm it.'
          : 'This server takes no passwords, so only a fresh sign-in can confirm it.'}
      </DialogHeader>
      <DialogBody className="gap-4">
        <ol className="flex list-decimal flex-col gap-2 pl-5">
          <li>
            In a new tab of this browser, open a new sign-in link from the operator, or{' '}
            <NewTab href={signInPath()}>sign in again</NewTab>.
          </li>
          {password.sign_in && (
            <li>
              Then <NewTab href={SECURITY_PATH}>set a password</NewTab>: next time it is enough to enter it.
            </li>
          )}
          <li>Come back here and press Try again. What you entered is kept.</li>
        </ol>
      </DialogBody>
      <DialogFooter>
        <Button onClick={() => onSettled(false)}>Cancel</Button>
        <Button ref={again} look="primary" onClick={() => onSettled(true)}>
          Try again
        </Button>
      </DialogFooter>
    </>
  )
}

function NewTab({ href, children }: { href: string; children: ReactNode }) {
  return (
    <a href={href} target="_blank" rel="noopener" className="rounded-sm text-accent-text underline underline-offset-2">
      {children}
      <span className="sr-only"> (opens in a new tab)</span>
    </a>
  )
}
