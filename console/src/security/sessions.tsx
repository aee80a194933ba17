import { Laptop, Smartphone } from 'lucide-react'
import { useState } from 'react'
import type { OwnSession } from '../api/types'
import { ConfirmDialog } from '../credential/confirm'
import { useSession } from '../session/session'
import { Button } from '../ui/button'
import { Card } from '../ui/card'
import { Ago, exactTime } from '../ui/time'
import { useToast } from '../ui/toast'
import { sessionPath, useRefreshSecurity } from './queries'
import { agentWords, parseUserAgent } from './user-agent'

/** Where the person is signed in, this browser first, and how to end the other sessions. */
export function SessionsCard({ sessions }: { sessions: readonly OwnSession[] }) {
  const [ending, setEnding] = useState<OwnSession | 'others'>()
  const [open, setOpen] = useState(false)
  const ask = (what: OwnSession | 'others') => {
    setEnding(what)
    setOpen(true)
  }
  const sorted = [...sessions].sort(
    (a, b) => Number(b.current) - Number(a.current) || b.last_seen_at.localeCompare(a.last_seen_at),
  )
  const others = sessions.filter((session) => !session.current).length
  return (
    <Card
      title="Sessions"
      actions={others > 0 && <Button onClick={() => ask('others')}>End all others</Button>}
    >
      <p className="-mt-2 mb-4 text-muted">
        Where you are signed in. End what you do not recognise, then change your password.
      </p>
      <ul className="divide-y divide-line" aria-label="Sessions">
        {sorted.map((session) => (
          <SessionRow key={session.session_id} session={session} onEnd={() => ask(session)} />
        ))}
      </ul>
      {ending && (
        <EndDialog
          ending={ending}
          others={others}
          open={open}
          onClose={() => setOpen(false)}
          onClosed={() => setEnding(undefined)}
        />
      )}
    </Card>
  )
}

function SessionRow({ session, onEnd }: { session: OwnSession; onEnd: () => void }) {
  const name = agentWords(session.user_agent)
  const Icon = parseUserAgent(session.user_agent).mobile ? Smartphone : Laptop
  return (
    <li className="flex items-start gap-3 py-3 first:pt-0 last:pb-0">
      <Icon className="mt-0.5 size-4 shrink-0 text-muted" aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="font-medium" title={session.user_agent}>
            {name}
          </span>
          {session.current && (
            <span className="rounded-md bg-accent-soft px-1.5 py-0.5 text-xs text-accent-text">This browser</span>
          )}
        </p>
        <p className="mt-0.5 text-sm text-muted">
          <span className="break-all">{session.address}</span> ·{' '}
          {session.current ? 'active now' : <>last seen <Ago time={session.last_seen_at} /></>}
        </p>
        <p className="text-sm text-muted">
          Signed in {exactTime(session.created_at)} · ends {exactTime(session.expires_at)} at the latest
        </p>
      </div>
      {!session.current && (
        <Button onClick={onEnd}>
          End<span className="sr-only"> the session of {name}, {session.address}</span>
        </Button>
      )}
    </li>
  )
}

interface EndDialogProps {
  ending: OwnSession | 'others'
  others: number
  open: boolean
  onClose: () => void
  onClosed: () => void
}

function EndDialog({ ending, others, ...dialog }: EndDialogProps) {
  const { api } = useSession()
  const refresh = useRefreshSecurity()
  const toast = useToast()
  const all = ending === 'others'
  const confirm = async () => {
    await api.delete(all ? '/me/sessions' : sessionPath(ending.session_id))
    toast(all ? 'Your other sessions were ended.' : 'The session was ended.')
    dialog.onClose()
    await refresh()
  }
  const many = others === 1 ? 'The other session ends' : `${others} sessions end`
  return (
    <ConfirmDialog
      {...dialog}
      title={all ? 'End all other sessions' : 'End session'}
      action={all ? 'End all others' : 'End session'}
      onConfirm={confirm}
    >
      <p>
        {all ? (
          <>{many} at once. You stay signed in here alone. API credentials go on working.</>
        ) : (
          <>
            <strong className="font-semibold">{agentWords(ending.user_agent)}</strong> at{' '}
            <span className="break-all">{ending.address}</span> is signed out at once.
          </>
        )}
      </p>
    </ConfirmDialog>
  )
}
