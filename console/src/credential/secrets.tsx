import { Plus, Trash2 } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { Link } from 'wouter'
import type { Credential, Secret } from '../api/types'
import { usePaths } from '../session/paths'
import { Button, IconButton } from '../ui/button'
import { Card } from '../ui/card'
import { Ago } from '../ui/time'
import type { StartAction } from './actions'
import { DeleteSecretDialog } from './delete-secret'
import { closesWords, retiring } from './quiet'
import { hasEnded, isFull, MAX_SECRETS, secretName } from './secret'
import { SecretTag } from './secret-tag'

interface SecretsCardProps {
  credential: Credential
  mayEdit: boolean
  start: StartAction
}

/** The secrets of a credential, by hint; none can be shown again. */
export function SecretsCard({ credential, mayEdit, start }: SecretsCardProps) {
  const [deleting, setDeleting] = useState<Secret>()
  const [open, setOpen] = useState(false)
  const paths = usePaths()
  const full = isFull(credential)
  const last = credential.secrets.length === 1
  return (
    <Card
      title="Secrets"
      actions={
        mayEdit && (
          <Button
            disabled={full}
            icon={<Plus className="size-4" aria-hidden="true" />}
            onClick={() => start('add-secret', credential)}
          >
            Add secret
          </Button>
        )
      }
    >
      {retiring(credential).length > 0 && (
        <p className="-mt-2 mb-3 text-sm text-muted">
          {retiring(credential).length === 1 ? 'An old secret still works' : 'Old secrets still work'} beside the newest.{' '}
          <Link href={paths.rotate(credential.client_id)} className="rounded-sm text-accent-text underline underline-offset-2">
            See who still uses {retiring(credential).length === 1 ? 'it' : 'them'}
          </Link>
        </p>
      )}
      {full && mayEdit && (
        <p className="-mt-2 mb-3 text-sm text-muted">
          {MAX_SECRETS} is the most a credential can have. Delete one to add or rotate.
        </p>
      )}
      <ul className="divide-y divide-line">
        {credential.secrets.map((secret) => (
          <SecretRow key={secret.secret_id} secret={secret}>
            {mayEdit && !last && (
              <IconButton
                label={`Delete secret ${secretName(secret)}`}
                title="Delete secret"
                className="-mr-1.5"
                onClick={() => {
                  setDeleting(secret)
                  setOpen(true)
                }}
              >
                <Trash2 className="size-4" aria-hidden="true" />
              </IconButton>
            )}
          </SecretRow>
        ))}
      </ul>
      {deleting && (
        <DeleteSecretDialog
          credential={credential}
          secret={deleting}
          open={open}
          onClose={() => setOpen(false)}
          onClosed={() => setDeleting(undefined)}
        />
      )}
    </Card>
  )
}

function SecretRow({ secret, children }: { secret: Secret; children: ReactNode }) {
  return (
    <li className="flex items-start gap-3 py-3 first:pt-0 last:pb-0">
      <div className="grid min-w-0 flex-1 gap-x-6 gap-y-1 sm:grid-cols-[minmax(0,1fr)_auto]">
        <p className="min-w-0 break-words">
          <SecretTag secret={secret} />
        </p>
        <p className="text-sm sm:text-right">
          <SecretEnd secret={secret} />
        </p>
        <p className="text-sm text-muted">
          Created <Ago time={secret.created_at} />
        </p>
        <p className="text-sm text-muted sm:text-right">
          {secret.last_used_at ? (
            <>
              Used <Ago time={secret.last_used_at} />
              {secret.last_used_address && <span className="break-all"> from {secret.last_used_address}</span>}
            </>
          ) : (
            'Never used'
          )}
        </p>
        {secret.close_when_quiet_hours && <p className="text-sm text-muted sm:col-span-2">{closesWords(secret, Date.now())}</p>}
      </div>
      {children}
    </li>
  )
}

/** What ends within so long is worth a warning. */
const SOON_MS = 14 * 86_400_000

function SecretEnd({ secret }: { secret: Secret }) {
  if (!secret.expires_at) return <span className="text-muted">No end</span>
  const ended = hasEnded(secret)
  const soon = Date.parse(secret.expires_at) - Date.now() < SOON_MS
  return (
    <span className={ended ? 'text-bad' : soon ? 'text-warn' : 'text-muted'}>
      {ended ? 'Ended ' : 'Ends '}
      <Ago time={secret.expires_at} />
    </span>
  )
}
