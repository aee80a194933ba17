import { Check, CircleAlert } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { ApiClient } from '../api/client'
import { Problem } from '../api/problem'
import type { Credential } from '../api/types'
import { useSession } from '../session/session'
import { Button } from '../ui/button'
import { Dialog, DialogBody, DialogFooter, DialogHeader } from '../ui/dialog'
import { Notice } from '../ui/notice'
import { credentialPath, useRefreshCredentials } from './queries'

/** What became of one credential: nothing yet, under way, done, or why not. */
type Outcome = undefined | 'working' | 'done' | { refusal: string }

interface BulkDisableDialogProps {
  credentials: readonly Credential[]
  open: boolean
  onClose: () => void
  onClosed: () => void
}

/** Disables several credentials one after the other, and says of each what became of it. */
export default function BulkDisableDialog({ credentials, open, onClose, onClosed }: BulkDisableDialogProps) {
  const { api } = useSession()
  const refresh = useRefreshCredentials()
  const cancel = useRef<HTMLButtonElement>(null)
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>(new Map())
  const [running, setRunning] = useState(false)
  const stopped = useRef(false)
  const done = count(credentials, outcomes, 'done')
  const left = credentials.filter(({ client_id }) => outcomes.get(client_id) !== 'done')
  useEffect(() => () => void (stopped.current = true), [])
  const run = async () => {
    stopped.current = false
    setRunning(true)
    for (const credential of left) {
      if (stopped.current) break
      const tell = (outcome: Outcome) => setOutcomes((known) => new Map(known).set(credential.client_id, outcome))
      tell('working')
      tell(await disable(api, credential))
    }
    setRunning(false)
    await refresh()
  }
  const close = () => {
    stopped.current = true
    onClose()
  }
  return (
    <Dialog open={open} onClose={close} onClosed={onClosed} initialFocus={cancel} sticky>
      <DialogHeader title={`Disable ${credentials.length} API ${credentials.length === 1 ? 'credential' : 'credentials'}`} onClose={close}>
        Their programs get no more tokens, and tokens they have stop working. Each can be enabled again.
      </DialogHeader>
      <DialogBody className="gap-3">
        <svg
          role="progressbar"
          aria-label="Disabled so far"
          aria-valuemin={0}
          aria-valuemax={credentials.length}
          aria-valuenow={done}
          viewBox={`0 0 ${credentials.length} 1`}
          preserveAspectRatio="none"
          className="block h-1.5 w-full shrink-0 rounded-full bg-hover"
        >
          <rect width={done} height={1} className="fill-accent" />
        </svg>
        <p role="status" className="text-sm text-muted">
          {progressWords(credentials, outcomes, running)}
        </p>
        <ul aria-label="Chosen credentials" className="divide-y divide-line rounded-control border border-line">
          {credentials.map((credential) => (
            <Line key={credential.client_id} credential={credential} outcome={outcomes.get(credential.client_id)} />
          ))}
        </ul>
        {!running && refused(outcomes) > 0 && (
          <Notice kind="bad">{refused(outcomes)} could not be disabled. Each says why.</Notice>
        )}
      </DialogBody>
      <DialogFooter>
        <Button ref={cancel} onClick={running ? () => (stopped.current = true) : close}>
          {running ? 'Stop' : done > 0 ? 'Close' : 'Cancel'}
        </Button>
        {left.length > 0 && (
          <Button look="danger" busy={running} onClick={run}>
            {outcomes.size === 0 || running ? 'Disable' : `Try ${left.length} again`}
          </Button>
        )}
      </DialogFooter>
    </Dialog>
  )
}

async function disable(api: ApiClient, credential: Credential): Promise<Outcome> {
  try {
    await api.post(`${credentialPath(credential.client_id)}/disable`)
    return 'done'
  } catch (error) {
    return { refusal: error instanceof Problem ? error.message : 'Something went wrong in this page.' }
  }
}

function count(credentials: readonly Credential[], outcomes: ReadonlyMap<string, Outcome>, wanted: Outcome): number {
  return credentials.filter(({ client_id }) => outcomes.get(client_id) === wanted).length
}

function refused(outcomes: ReadonlyMap<string, Outcome>): number {
  return [...outcomes.values()].filter((outcome) => typeof outcome === 'object').length
}

function progressWords(credentials: readonly Credential[], outcomes: ReadonlyMap<string, Outcome>, running: boolean): string {
  const done = count(credentials, outcomes, 'done')
  if (outcomes.size === 0) return 'Nothing was disabled yet.'
  const words = `${done} of ${credentials.length} disabled`
  return running ? `${words}…` : done === credentials.length ? 'All of them are disabled.' : `${words}.`
}

function Line({ credential, outcome }: { credential: Credential; outcome: Outcome }) {
  return (
    <li className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5 px-3 py-2">
      <span className="min-w-0 break-words">{credential.name}</span>
      <span className="text-sm text-muted">
        {outcome === 'working' && 'Disabling…'}
        {outcome === 'done' && (
          <span className="inline-flex items-center gap-1 text-ok">
            <Check className="size-3.5" aria-hidden="true" />
            Disabled
          </span>
        )}
      </span>
      {typeof outcome === 'object' && (
        <span className="flex w-full items-start gap-1.5 text-sm text-bad">
          <CircleAlert className="mt-0.5 size-3.5 shrink-0" aria-hidden="true" />
          {outcome.refusal}
        </span>
      )}
    </li>
  )
}
