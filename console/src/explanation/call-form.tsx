import { useState, type FormEvent } from 'react'
import { Problem } from '../api/problem'
import { Button } from '../ui/button'
import { Field } from '../ui/field'
import { CredentialField } from './credential-field'
import { callFaults, METHODS, withTypedMethod, type Call, type Question } from './question'

interface CallFormProps {
  /** The call that is asked about now. */
  asked: Call
  busy: boolean
  ask: (question: Question) => void
  /** Something must be mended before there can be an answer. */
  onFault: () => void
  /** What the server found wrong with it. */
  error: unknown
}

/** Asks about a call that nobody made: would this credential pass? */
export function CallForm({ asked, busy, ask, onFault, error }: CallFormProps) {
  const [call, setCall] = useState<Call>(asked)
  const [faults, setFaults] = useState<ReturnType<typeof callFaults>>({})
  const change = (part: Partial<Call>) => setCall({ ...call, ...part })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    const whole = withTypedMethod({ ...call, url: call.url.trim(), address: call.address.trim() })
    const missing = callFaults(whole)
    setFaults(missing)
    if (Object.keys(missing).length > 0) {
      onFault()
      return
    }
    setCall(whole)
    ask({ about: 'call', clientID: whole.clientID, method: whole.method, url: whole.url, address: whole.address })
  }
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-5">
      <CredentialField value={call.clientID} onChange={(clientID) => change({ clientID })} error={faults.clientID} />
      <div className="grid gap-x-2 gap-y-5 sm:grid-cols-[7.5rem_minmax(0,1fr)]">
        <Field label="Method">
          {(control) => (
            <select {...control} className="field" value={call.method} onChange={(event) => change({ method: event.currentTarget.value })}>
              {METHODS.map((method) => (
                <option key={method}>{method}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Address or path of the call" error={faults.url} hint="As https://api.example.com/users or /useradmin/users. A query does not matter.">
          {(control) => (
            <input
              {...control}
              className="field font-mono text-sm"
              maxLength={2048}
              autoCapitalize="off"
              autoComplete="off"
              spellCheck={false}
              value={call.url}
              onChange={(event) => change({ url: event.currentTarget.value })}
            />
          )}
        </Field>
      </div>
      <Field label="Calls from" error={addressFault(error)} hint="Optional: an IP address. Left out, one that the credential allows.">
        {(control) => (
          <input
            {...control}
            className="field font-mono text-sm sm:w-80"
            maxLength={64}
            placeholder="192.0.2.7"
            autoCapitalize="off"
            autoComplete="off"
            spellCheck={false}
            value={call.address}
            onChange={(event) => change({ address: event.currentTarget.value })}
          />
        )}
      </Field>
      <div>
        <Button type="submit" look="primary" busy={busy} className="max-sm:w-full">
          Would it pass?
        </Button>
      </div>
    </form>
  )
}

/** The fault that the server found with the address the call would come from. */
export function addressFault(error: unknown): string | undefined {
  if (!(error instanceof Problem)) return undefined
  return error.faults.some(({ location }) => location === 'query.address') ? 'Enter an IP address, as 192.0.2.7.' : undefined
}
