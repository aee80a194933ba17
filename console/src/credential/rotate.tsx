import { useRef, useState, type FormEvent } from 'react'
import { formFaults } from '../api/problem'
import type { CreatedSecret, Credential, NewSecret } from '../api/types'
import { useSession } from '../session/session'
import { Button } from '../ui/button'
import { ChoiceButton } from '../ui/choice'
import { Dialog, DialogBody, DialogFooter, DialogHeader } from '../ui/dialog'
import { Field } from '../ui/field'
import { Ago } from '../ui/time'
import { FormProblem } from './form-problem'
import { credentialPath, useRefreshCredentials } from './queries'
import { CLOSE_CHOICES, hoursWords } from './quiet'
import { hasEnded, isFull, MAX_SECRETS, secretName } from './secret'
import { Success, useSecretGuard } from './success'

const ENDS = [
  { value: '0', label: 'At once' },
  { value: '3600', label: 'In 1 hour' },
  { value: '86400', label: 'In 24 hours' },
  { value: '604800', label: 'In 7 days' },
  { value: '2592000', label: 'In 30 days' },
  { value: '7776000', label: 'In 90 days' },
] as const
type End = (typeof ENDS)[number]['value']

interface NewSecretDialogProps {
  credential: Credential
  /** Rotating gives the other secrets an end; adding leaves them as they are. */
  rotate: boolean
  open: boolean
  onClose: () => void
  onClosed: () => void
}

/** Adds a secret to a credential, and shows it once. */
export function NewSecretDialog({ credential, rotate, open, onClose, onClosed }: NewSecretDialogProps) {
  const [made, setMade] = useState<CreatedSecret>()
  const first = useRef<HTMLInputElement>(null)
  const close = useRef<HTMLButtonElement>(null)
  const refresh = useRefreshCredentials()
  const guard = useSecretGuard(open && made !== undefined, onClose)
  return (
    <Dialog
      open={open}
      onClose={made ? guard.requestClose : onClose}
      onClosed={() => {
        setMade(undefined)
        onClosed()
      }}
      sticky
      initialFocus={isFull(credential) ? close : first}
      wide
    >
      {made ? (
        <Success
          issued={{
            name: credential.name,
            clientID: credential.client_id,
            secret: made.client_secret,
            scopes: credential.scopes,
          }}
          guard={guard}
          onClose={onClose}
        >
          <strong className="font-medium text-fg">{credential.name}</strong> has a new secret.
        </Success>
      ) : isFull(credential) ? (
        <NoRoom credential={credential} closeButton={close} onClose={onClose} />
      ) : (
        <NewSecretForm
          credential={credential}
          rotate={rotate}
          labelInput={first}
          onCancel={onClose}
          onMade={(secret) => {
            setMade(secret)
            void refresh()
          }}
        />
      )}
    </Dialog>
  )
}

interface NoRoomProps {
  credential: Credential
  closeButton: React.RefObject<HTMLButtonElement | null>
  onClose: () => void
}

/** What is shown in place of the form when there is no room for another secret. */
function NoRoom({ credential, closeButton, onClose }: NoRoomProps) {
  return (
    <>
      <DialogHeader title="No room for another secret" onClose={onClose}>
        <strong className="font-medium text-fg">{credential.name}</strong> has {MAX_SECRETS} secrets, the most a credential
        can have. Delete one that is no longer used, then come back.
      </DialogHeader>
      <DialogBody>
        <PresentSecrets credential={credential} />
      </DialogBody>
      <DialogFooter>
        <Button ref={closeButton} onClick={onClose}>
          Close
        </Button>
      </DialogFooter>
    </>
  )
}

interface NewSecretFormProps {
  credential: Credential
  rotate: boolean
  labelInput: React.RefObject<HTMLInputElement | null>
  onCancel: () => void
  onMade: (secret: CreatedSecret) => void
}

function NewSecretForm({ credential, rotate, labelInput, onCancel, onMade }: NewSecretFormProps) {
  const { api } = useSession()
  const [label, setLabel] = useState('')
  const [end, setEnd] = useState<End>('86400')
  const [quiet, setQuiet] = useState<(typeof CLOSE_CHOICES)[number]['value']>('0')
  // What ends before it could have been quiet for so long ends, and no more.
  const closes = quiet !== '0' && Number(quiet) * 3600 < Number(end)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    const body: NewSecret = {
      ...(label.trim() && { label: label.trim() }),
      ...(rotate && { retire_others_after_seconds: Number(end) }),
      ...(rotate && closes && { close_others_when_quiet_hours: Number(quiet) }),
    }
    setBusy(true)
    setError(undefined)
    try {
      onMade(await api.post(`${credentialPath(credential.client_id)}/secrets`, body))
    } catch (refusal) {
      setError(refusal)
      setBusy(false)
    }
  }

  const faults = formFaults(error, ['label', 'retire_others_after_seconds', 'close_others_when_quiet_hours'])
  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-col">
      <DialogHeader title={rotate ? 'Rotate secret' : 'Add secret'} onClose={onCancel}>
        <strong className="font-medium text-fg">{credential.name}</strong>{' '}
        {rotate
          ? 'gets a new secret; the old one keeps working until the end you choose, so that you can move programs over.'
          : 'gets another secret; the others stay as they are.'}
      </DialogHeader>
      <DialogBody>
        <FormProblem error={error} message={faults.general} />
        <Field label="Label" hint="Optional: where the new secret will be used." error={faults.fields.label}>
          {(control) => (
            <input
              {...control}
              ref={labelInput}
              className="field"
              value={label}
              autoComplete="off"
              onChange={(event) => setLabel(event.currentTarget.value)}
            />
          )}
        </Field>
        {rotate && (
          <div className="flex flex-col items-start gap-1.5">
            <span className="font-medium">Old secrets end</span>
            <ChoiceButton label="Old secrets end" value={end} choices={ENDS} onChoose={setEnd} />
            <p className="text-sm text-muted">
              {end === '0'
                ? 'Programs that still use an old secret are refused from now on.'
                : 'Until then both work. One that would end sooner keeps its own end.'}
            </p>
          </div>
        )}
        {rotate && end !== '0' && (
          <div className="flex flex-col items-start gap-1.5">
            <span className="font-medium">Close old secrets when quiet</span>
            <ChoiceButton label="Close old secrets when quiet" value={quiet} choices={CLOSE_CHOICES} onChoose={setQuiet} />
            <p className="text-sm text-muted">
              {quiet === '0'
                ? 'They work until their end, whether or not a program uses them.'
                : closes
                  ? `One that no program has used for ${hoursWords(Number(quiet))} is closed before its end.`
                  : 'They end before they could have been quiet for so long.'}
            </p>
          </div>
        )}
        {rotate && <PresentSecrets credential={credential} />}
      </DialogBody>
      <DialogFooter>
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy}>
          {rotate ? 'Rotate' : 'Add secret'}
        </Button>
      </DialogFooter>
    </form>
  )
}

function PresentSecrets({ credential }: { credential: Credential }) {
  const live = credential.secrets.filter((secret) => !hasEnded(secret))
  if (live.length === 0) return null
  return (
    <div>
      <h3 className="mb-1.5 font-medium">{live.length === 1 ? 'Present secret' : 'Present secrets'}</h3>
      <ul className="divide-y divide-line rounded-control border border-line text-sm">
        {live.map((secret) => (
          <li key={secret.secret_id} className="flex flex-wrap justify-between gap-x-4 px-3 py-2">
            <span className="min-w-0 truncate">{secretName(secret)}</span>
            <span className="text-muted">
              {secret.last_used_at ? (
                <>
                  Used <Ago time={secret.last_used_at} />
                  {secret.last_used_address && ` from ${secret.last_used_address}`}
                </>
              ) : (
                'Never used'
              )}
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}
