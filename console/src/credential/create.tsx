import { useQuery } from '@tanstack/react-query'
import { useRef, useState, type FormEvent } from 'react'
import { accountQueryOptions } from '../account/queries'
import { formFaults, Problem } from '../api/problem'
import type { CreatedCredential, Level, NewCredential } from '../api/types'
import { useScopeCatalogue } from '../scope/catalogue'
import { ScopePicker } from '../scope/picker'
import { useSession } from '../session/session'
import { Button } from '../ui/button'
import { Dialog, DialogBody, DialogFooter, DialogHeader } from '../ui/dialog'
import { Field, useFocusOnFault } from '../ui/field'
import { Loading } from '../ui/loading'
import { authenticationFaults, BY_SECRET, givenAuthentication } from './authentication'
import { AuthenticationFields } from './authentication-fields'
import { CreatedWithoutSecret } from './created'
import { FormProblem } from './form-problem'
import { dayInput, endOfDay } from './expiry'
import { LevelChoice } from './level'
import { givenLimits, LIMIT_FIELDS, limitFaults, limitsDraftOf, NO_LIMITS } from './limits'
import { LimitsFields } from './limits-fields'
import { useRefreshCredentials } from './queries'
import { Success, useSecretGuard } from './success'

interface CreateDialogProps {
  open: boolean
  /** The level to begin with. */
  level: Level
  /** Those the person may choose from. */
  levels: readonly Level[]
  onCreated?: (level: Level) => void
  onClose: () => void
}

/** The dialog Create API Credentials. It swaps its own content to Success: a second dialog would steal the focus. */
export default function CreateDialog({ open, level, levels, onCreated, onClose }: CreateDialogProps) {
  const [created, setCreated] = useState<CreatedCredential>()
  const name = useRef<HTMLInputElement>(null)
  const refresh = useRefreshCredentials()
  // One that authenticates itself otherwise has no secret, and nothing that could be lost.
  const secret = created?.client_secret
  const guard = useSecretGuard(open && secret !== undefined, onClose)
  return (
    <Dialog
      open={open}
      onClose={secret === undefined ? onClose : guard.requestClose}
      onClosed={() => setCreated(undefined)}
      sticky
      initialFocus={name}
      wide
    >
      {created && secret === undefined ? (
        <CreatedWithoutSecret credential={created} onClose={onClose} />
      ) : created && secret !== undefined ? (
        <Success
          issued={{
            name: created.name,
            clientID: created.client_id,
            secret,
            scopes: created.scopes,
          }}
          guard={guard}
          onClose={onClose}
        >
          <strong className="font-medium text-fg">{created.name}</strong> was created.
        </Success>
      ) : (
        <CreateForm
          level={level}
          levels={levels}
          nameInput={name}
          onCancel={onClose}
          onCreated={(credential) => {
            setCreated(credential)
            onCreated?.(credential.level)
            void refresh()
          }}
        />
      )}
    </Dialog>
  )
}

const FIELDS = ['name', 'scopes', 'expires_at', 'jwks', 'tls_client_subject', ...LIMIT_FIELDS] as const

interface CreateFormProps {
  level: Level
  levels: readonly Level[]
  nameInput: React.RefObject<HTMLInputElement | null>
  onCancel: () => void
  onCreated: (credential: CreatedCredential) => void
}

function CreateForm({ level: first, levels, nameInput, onCancel, onCreated }: CreateFormProps) {
  const { api } = useSession()
  const catalogue = useScopeCatalogue()
  const [level, setLevel] = useState(first)
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<string[]>([])
  const [expires, setExpires] = useState('')
  const [limits, setLimits] = useState(limitsDraftOf(NO_LIMITS))
  const [authentication, setAuthentication] = useState(BY_SECRET)
  const account = useQuery(accountQueryOptions(api))
  const [missing, setMissing] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const idempotencyKey = useIdempotencyKey()
  const form = useRef<HTMLFormElement>(null)
  useFocusOnFault(form, missing, error)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    const faults = { ...missingFaults(name, scopes), ...authenticationFaults(authentication), ...spoken(limitFaults(limits, account.data)) }
    setMissing(faults)
    setError(undefined)
    if (Object.keys(faults).length > 0) return
    const expiresAt = endOfDay(expires)
    const body: NewCredential = {
      name,
      scopes,
      level,
      ...(expiresAt && { expires_at: expiresAt }),
      ...givenLimits(limits),
      ...givenAuthentication(authentication),
    }
    setBusy(true)
    try {
      onCreated(await api.post('/credentials', body, { 'Idempotency-Key': idempotencyKey(body) }))
    } catch (refusal) {
      setError(refusal)
      setBusy(false)
    }
  }

  const faults = formFaults(error, FIELDS)
  const fault = (field: string) => missing[field] ?? faults.fields[field]
  return (
    <form ref={form} onSubmit={submit} noValidate className="flex min-h-0 flex-col">
      <DialogHeader title="Create API Credentials" onClose={onCancel}>
        {levels.length === 1 && 'User-level: owned by you, and limited to what your role allows.'}
      </DialogHeader>
      <DialogBody>
        <CreateProblem error={error} general={faults.general} />
        <Field label="Name" hint="Say what uses it and where. You can change it later." error={fault('name')}>
          {(control) => (
            <input
              {...control}
              ref={nameInput}
              className="field"
              value={name}
              maxLength={200}
              autoComplete="off"
              onChange={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        {levels.length > 1 && <LevelChoice value={level} onChange={setLevel} />}
        {catalogue.data ? (
          <ScopePicker catalogue={catalogue.data} value={scopes} onChange={setScopes} error={fault('scopes')} />
        ) : (
          <Loading query={catalogue} what="scopes" />
        )}
        <Field label="Expires" hint="Optional. It works until the end of that day, your time." error={fault('expires_at')}>
          {(control) => (
            <input
              {...control}
              type="date"
              className="field sm:w-48"
              min={dayInput(new Date().toISOString())}
              value={expires}
              onChange={(event) => setExpires(event.currentTarget.value)}
            />
          )}
        </Field>
        <div className="flex flex-col gap-2.5">
          <LimitsFields value={limits} onChange={setLimits} faults={{ ...faults.fields, ...missing }} />
          <AuthenticationFields value={authentication} onChange={setAuthentication} faults={{ ...faults.fields, ...missing }} />
        </div>
      </DialogBody>
      <DialogFooter>
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy}>
          Create
        </Button>
      </DialogFooter>
    </form>
  )
}

/** The faults that need no server to find. The first field at fault is named to screen readers by its error. */
function missingFaults(name: string, scopes: readonly string[]): Record<string, string> {
  return {
    ...(name.trim() === '' && { name: 'Give it a name.' }),
    ...(scopes.length === 0 && { scopes: 'Choose at least one scope.' }),
  }
}

/** Faults that are told once somebody wants to go on: also of what was not entered yet. */
function spoken(faults: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(faults).map(([field, message]) => [field, message || 'Enter a number, or choose another.']))
}

/** One key for as long as the same thing is asked: a retry after a lost answer must not make a second credential. */
function useIdempotencyKey(): (body: NewCredential) => string {
  const last = useRef({ body: '', key: '' })
  return (body) => {
    const text = JSON.stringify(body)
    if (text !== last.current.body) last.current = { body: text, key: crypto.randomUUID() }
    return last.current.key
  }
}

function CreateProblem({ error, general }: { error: unknown; general: string | undefined }) {
  if (error instanceof Problem && error.status === 409 && error.clientID) {
    return <FormProblem error={error} message="It was created by your first try, whose answer got lost. Its secret cannot be shown any more: open it and rotate the secret." clientID={error.clientID} />
  }
  return <FormProblem error={error} message={general} />
}
