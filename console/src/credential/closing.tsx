import { useState } from 'react'
import { formFaults } from '../api/problem'
import type { Credential, Secret, SecretChange } from '../api/types'
import { useSession } from '../session/session'
import { ChoiceButton } from '../ui/choice'
import { useToast } from '../ui/toast'
import { FormProblem } from './form-problem'
import { may } from './permission'
import { credentialPath, useRefreshCredentials } from './queries'
import { closeChoices, closesWords, countdown, hoursWords } from './quiet'
import { secretName } from './secret'

interface ClosingStateProps {
  credential: Credential
  secret: Secret
  now: number
}

/** Whether an old secret is closed by itself when no program uses it, when that is, and the way to change it. */
export function ClosingState({ credential, secret, now }: ClosingStateProps) {
  const { api } = useSession()
  const refresh = useRefreshCredentials()
  const toast = useToast()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const hours = secret.close_when_quiet_hours ?? 0
  const choose = async (value: string) => {
    if (busy || Number(value) === hours) return
    setBusy(true)
    setError(undefined)
    try {
      const body: SecretChange = { close_when_quiet_hours: Number(value) || null }
      await api.patch(`${credentialPath(credential.client_id)}/secrets/${encodeURIComponent(secret.secret_id)}`, body)
      toast(
        body.close_when_quiet_hours
          ? `The secret ending in ${secret.hint} is closed when not used for ${hoursWords(body.close_when_quiet_hours)}.`
          : `The secret ending in ${secret.hint} is not closed by itself any more.`,
      )
      await refresh()
    } catch (refusal) {
      setError(refusal)
    }
    setBusy(false)
  }
  const mayEdit = may(credential, 'edit')
  if (!mayEdit && hours === 0) return null
  return (
    <div className="flex flex-col items-start gap-2">
      {error !== undefined && <FormProblem error={error} message={formFaults(error, []).general} />}
      {hours > 0 && (
        <p className="text-sm">
          {closesWords(secret, now)}
          {secret.closes_at && <ClosesIn at={secret.closes_at} now={now} />}
        </p>
      )}
      {mayEdit && (
        <div className="flex flex-wrap items-center gap-2">
          <span className="text-sm text-muted">Close when quiet</span>
          <ChoiceButton label={`Close ${secretName(secret)} when quiet`} value={String(hours)} choices={closeChoices(hours)} onChoose={choose} />
        </div>
      )}
    </div>
  )
}

function ClosesIn({ at, now }: { at: string; now: number }) {
  if (Date.parse(at) <= now) return <> It was quiet for long enough, and is closed within minutes.</>
  return (
    <>
      {' '}
      Unless a program uses it, that is in <span className="font-mono font-semibold tabular-nums">{countdown(at, now)}</span>
    </>
  )
}
