import { useRef, useState, type FormEvent } from 'react'
import { formFaults } from '../api/problem'
import type { OwnPassword } from '../api/types'
import { FormProblem } from '../credential/form-problem'
import { useSession } from '../session/session'
import { Button } from '../ui/button'
import { Card } from '../ui/card'
import { PasswordField, UsernameForManagers } from '../ui/password-field'
import { Ago } from '../ui/time'
import { useToast } from '../ui/toast'
import { judgeLength, lengthOf, MAX_LENGTH, MIN_LENGTH } from './length'
import { useRefreshSecurity } from './queries'

/** Whether there is a password, and the form that sets or changes it. */
export function PasswordCard({ password }: { password: OwnPassword }) {
  const [editing, setEditing] = useState(false)
  const opener = useRef<HTMLButtonElement>(null)
  const close = () => {
    setEditing(false)
    // The button comes back with the next paint.
    requestAnimationFrame(() => opener.current?.focus())
  }
  return (
    <Card
      title="Password"
      actions={
        !editing &&
        password.sign_in && (
          <Button ref={opener} look={password.set ? 'secondary' : 'primary'} onClick={() => setEditing(true)}>
            {password.set ? 'Change password' : 'Set a password'}
          </Button>
        )
      }
    >
      <State password={password} />
      {editing && <PasswordForm key={String(password.set)} set={password.set} onDone={close} />}
    </Card>
  )
}

function State({ password }: { password: OwnPassword }) {
  if (!password.sign_in) {
    return <p className="text-muted">This server takes no passwords: its operator switched them off. Sign in by link.</p>
  }
  if (!password.set) {
    return <p className="text-muted">You have none. With one you can sign in at any time, without asking for a link.</p>
  }
  return (
    <p className="text-muted">
      {password.changed_at ? (
        <>
          Changed <Ago time={password.changed_at} />.
        </>
      ) : (
        'Set.'
      )}
    </p>
  )
}

const FIELDS = ['current_password', 'new_password'] as const

function PasswordForm({ set, onDone }: { set: boolean; onDone: () => void }) {
  const { me, api } = useSession()
  const refresh = useRefreshSecurity()
  const toast = useToast()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [missing, setMissing] = useState<string>()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    const lacking = newPasswordFault(next)
    setMissing(lacking)
    setError(undefined)
    if (lacking !== undefined) return
    setBusy(true)
    try {
      await api.put('/me/password', { ...(current !== '' && { current_password: current }), new_password: next })
      toast(set ? 'Your password was changed. Your other sessions have ended.' : 'Your password was set.')
      onDone()
      await refresh()
    } catch (refusal) {
      setError(refusal)
      setBusy(false)
    }
  }

  const faults = formFaults(error, FIELDS)
  return (
    <form onSubmit={submit} noValidate className="mt-4 flex max-w-md flex-col gap-5">
      <FormProblem error={error} message={faults.general} />
      <UsernameForManagers email={me.email} />
      {set && (
        <PasswordField
          label="Current password"
          value={current}
          onChange={setCurrent}
          autoComplete="current-password"
          error={faults.fields['current_password']}
          hint="Forgotten? Open a new sign-in link from the operator; for 15 minutes you can leave this empty."
          autoFocus
        />
      )}
      <div className="flex flex-col gap-2">
        <PasswordField
          label="New password"
          value={next}
          onChange={setNext}
          autoComplete="new-password"
          error={missing ?? faults.fields['new_password']}
          hint={`At least ${MIN_LENGTH} characters. A few words make a good one; no digits or signs are asked for.`}
          autoFocus={!set}
        />
        <LengthMeter password={next} />
      </div>
      {set && (
        <p className="text-sm text-muted">Changing it ends your sessions in other browsers.</p>
      )}
      <div className="flex flex-wrap gap-2 max-sm:flex-col">
        <Button type="submit" look="primary" busy={busy}>
          {set ? 'Change password' : 'Set password'}
        </Button>
        <Button look="quiet" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  )
}

/** What can be said without asking the server, which judges the rest: common passwords, and the current one. */
function newPasswordFault(password: string): string | undefined {
  switch (judgeLength(password)) {
    case 'empty':
      return 'Enter a new password.'
    case 'short':
      return `Use at least ${MIN_LENGTH} characters; it has ${lengthOf(password)}.`
    case 'long':
      return `Use at most ${MAX_LENGTH} characters; it has ${lengthOf(password)}.`
    case 'enough':
      return undefined
  }
}

/** How far a password is from being long enough. Read out only when that changes: not at every key. */
function LengthMeter({ password }: { password: string }) {
  const length = lengthOf(password)
  const state = judgeLength(password)
  const words = { empty: '', short: 'Too short yet', enough: 'Long enough', long: 'Too long' }[state]
  const colour = { empty: '', short: 'text-muted', enough: 'text-ok', long: 'text-bad' }[state]
  return (
    <div className="flex items-center gap-3">
      <progress
        aria-hidden="true"
        max={MIN_LENGTH}
        value={Math.min(length, MIN_LENGTH)}
        className={`meter flex-1 ${colour}`}
      />
      <p className={`min-w-28 text-right text-sm tabular-nums ${colour}`}>
        <span role="status">{words}</span>
        {state !== 'empty' && <span aria-hidden="true"> · {length}</span>}
      </p>
    </div>
  )
}
