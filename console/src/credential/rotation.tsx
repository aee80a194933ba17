import { useQuery } from '@tanstack/react-query'
import { RefreshCw } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { useLocation, useSearch } from 'wouter'
import type { Account, Credential, Secret } from '../api/types'
import { usePaths } from '../session/paths'
import { useSession } from '../session/session'
import { Button } from '../ui/button'
import { Card } from '../ui/card'
import { ChoiceButton } from '../ui/choice'
import { Loading } from '../ui/loading'
import { Notice } from '../ui/notice'
import { PageHeader } from '../ui/page'
import { Ago, exactTime, spanWords } from '../ui/time'
import { isAbsent, useCredentialActions } from './actions'
import { BackLink } from './back-link'
import { ClosingState } from './closing'
import { DeleteSecretDialog } from './delete-secret'
import { may, whyReadOnly } from './permission'
import { credentialQueryOptions } from './queries'
import { countdown, isQuiet, newestOf, QUIET_CHOICES, quietHours, retiring, usedSince } from './quiet'
import { isFull, MAX_SECRETS, secretName } from './secret'
import { SecretTag } from './secret-tag'

/** How often the page looks whether a program used a secret. */
const LOOK_MS = 15_000

interface RotationPageProps {
  clientID: string
  account: Account
  absent: ReactNode
}

/** The page of a rotation: which programs have moved to the new secret, and when the old one can go. */
export default function RotationPage({ clientID, account, absent }: RotationPageProps) {
  const { api } = useSession()
  const query = useQuery({ ...credentialQueryOptions(api, clientID), refetchInterval: LOOK_MS })
  const { start, dialogs } = useCredentialActions()
  if (isAbsent(query.error)) return <>{absent}{dialogs}</>
  if (!query.data) return <Loading query={query} what="API credential" />
  const credential = query.data.value
  const readOnly = whyReadOnly(credential)
  return (
    <>
      <BackLink clientID={clientID}>{credential.name}</BackLink>
      <PageHeader
        title="Rotate secret"
        actions={
          may(credential, 'edit') && (
            <Button
              look={retiring(credential).length === 0 ? 'primary' : 'secondary'}
              disabled={isFull(credential)}
              icon={<RefreshCw className="size-4" aria-hidden="true" />}
              onClick={() => start('rotate', credential)}
            >
              {retiring(credential).length === 0 ? 'Add a new secret' : 'Rotate again'}
            </Button>
          )
        }
      >
        <strong className="font-medium text-fg">{credential.name}</strong> gets a new secret; programs move over to it; then
        the old one ends.
      </PageHeader>
      <div className="flex flex-col gap-5">
        {readOnly && <Notice kind="info">{readOnly}</Notice>}
        {isFull(credential) && (
          <Notice kind="info">
            {MAX_SECRETS} secrets are the most a credential can have. Close one that is quiet to rotate again.
          </Notice>
        )}
        <AgeLimit account={account} />
        <NewSecretCard credential={credential} />
        <OldSecretsCard credential={credential} />
      </div>
      {dialogs}
    </>
  )
}

/** The account's rule, where there is one: it ends secrets that nobody rotates. */
function AgeLimit({ account }: { account: Account }) {
  const seconds = account.max_secret_age_seconds
  if (!seconds) return null
  return (
    <Notice kind="info">
      In this account a secret ends at the latest {spanWords(seconds)} after it was created. Rotate before that, and the programs go on.
    </Notice>
  )
}

/** The secret that programs are to move to. */
function NewSecretCard({ credential }: { credential: Credential }) {
  const newest = newestOf(credential)
  const started = retiring(credential).length > 0
  if (!newest) return <Notice kind="warn">Every secret has ended. Add a new one.</Notice>
  return (
    <Card title={started ? 'New secret' : 'Present secret'}>
      <SecretFacts secret={newest} />
      {newest.expires_at && (
        <p className="mt-1 text-sm text-muted">
          Ends <Ago time={newest.expires_at} />, on {exactTime(newest.expires_at)}. Rotate again before that.
        </p>
      )}
      {started && (
        <div className="mt-4">
          {newest.last_used_at ? (
            <Notice kind="ok">A program uses the new secret.</Notice>
          ) : (
            <Notice kind="info">No program has used it yet. Put it where the program reads its secret, and start the program anew.</Notice>
          )}
        </div>
      )}
    </Card>
  )
}

function SecretFacts({ secret }: { secret: Secret }) {
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
      <p className="min-w-0 break-words">
        <SecretTag secret={secret} />
        <span className="ml-3 text-sm text-muted">
          Created <Ago time={secret.created_at} />
        </span>
      </p>
      <p className="text-sm text-muted">
        {secret.last_used_at ? (
          <>
            Used <Ago time={secret.last_used_at} />
            {secret.last_used_address && <span className="break-all"> from {secret.last_used_address}</span>}
          </>
        ) : (
          'Never used'
        )}
      </p>
    </div>
  )
}

/** The secrets that are to go, who still uses them, and the way to end them sooner. */
function OldSecretsCard({ credential }: { credential: Credential }) {
  const paths = usePaths()
  const [, go] = useLocation()
  const quiet = quietHours(new URLSearchParams(useSearch()).get('quiet'))
  const [closing, setClosing] = useState<{ secret: Secret; open: boolean }>()
  const old = retiring(credential)
  const now = useNow(old.length > 0)
  if (old.length === 0) {
    return (
      <p className="max-w-prose text-muted">
        Only one secret is in use. A new one leaves it working until the end you choose, 24 hours unless you say otherwise,
        and this page then shows which program still uses it.
      </p>
    )
  }
  return (
    <Card
      title={old.length === 1 ? 'Old secret' : 'Old secrets'}
      actions={
        <ChoiceButton
          label="Counts as quiet"
          value={quiet}
          choices={QUIET_CHOICES}
          onChoose={(hours) => go(paths.rotate(credential.client_id, hours), { replace: true })}
        />
      }
    >
      <p className="-mt-1 mb-4 max-w-prose text-sm text-muted">
        A program comes back with its secret only when its token ends, after an hour as a rule and 24 at most. A secret that
        was quiet for longer than that has no program left.
      </p>
      <ul className="flex flex-col divide-y divide-line">
        {old.map((secret) => (
          <li key={secret.secret_id} className="flex flex-col gap-3 py-4 first:pt-0 last:pb-0">
            <SecretFacts secret={secret} />
            <ClosingState credential={credential} secret={secret} now={now} />
            <OldSecretState
              secret={secret}
              quiet={Number(quiet)}
              now={now}
              {...(may(credential, 'edit') && { onClose: () => setClosing({ secret, open: true }) })}
            />
          </li>
        ))}
      </ul>
      {closing && (
        <DeleteSecretDialog
          credential={credential}
          secret={closing.secret}
          open={closing.open}
          onClose={() => setClosing({ ...closing, open: false })}
          onClosed={() => setClosing(undefined)}
        />
      )}
    </Card>
  )
}

interface OldSecretStateProps {
  secret: Secret
  /** Hours. */
  quiet: number
  now: number
  onClose?: () => void
}

function OldSecretState({ secret, quiet, now, onClose }: OldSecretStateProps) {
  const over = isQuiet(secret, quiet, now)
  return (
    <>
      {secret.expires_at && (
        <p className="text-sm">
          Ends in <span className="font-mono text-lg font-semibold tabular-nums">{countdown(secret.expires_at, now)}</span>
          <span className="ml-2 text-muted">{exactTime(secret.expires_at)}</span>
        </p>
      )}
      {!secret.expires_at && <p className="text-sm text-muted">It has no end of its own: close it when no program uses it.</p>}
      <Notice kind={over ? 'ok' : 'warn'}>
        <p>{usedSince(secret, quiet, now)}</p>
        {onClose && (
          <Button className="mt-2" look={over ? 'primary' : 'secondary'} onClick={onClose}>
            {over ? 'Close it now' : 'Close it anyway'}
            <span className="sr-only">: {secretName(secret)}</span>
          </Button>
        )}
      </Notice>
    </>
  )
}

/** The present, each second while something counts down. */
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!ticking) return
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [ticking])
  return now
}
