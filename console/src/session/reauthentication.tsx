import { lazy, Suspense, useCallback, useRef, useState, type ReactNode } from 'react'
import type { ApiClient, ConfirmIdentity } from '../api/client'

const ReauthenticationDialog = lazy(() => import('./reauthentication-dialog'))

/**
 * The one place that asks a person to confirm who they are. Requests that were refused meanwhile wait for the
 * same answer: there is never more than one dialog.
 */
export function useReauthentication(): { confirm: ConfirmIdentity; dialog: ReactNode } {
  const [api, setApi] = useState<ApiClient>()
  const [open, setOpen] = useState(false)
  const confirmed = useRef(false)
  const waiting = useRef<((confirmed: boolean) => void)[]>([])
  const confirm = useCallback<ConfirmIdentity>((through) => {
    setApi(through)
    setOpen(true)
    return new Promise((resolve) => waiting.current.push(resolve))
  }, [])
  const settle = (done: boolean) => {
    confirmed.current = done
    setOpen(false)
  }
  // Only now is the focus back where it was: a dialog that closes on the answer can hand it on in turn.
  const answer = () => {
    for (const resolve of waiting.current.splice(0)) resolve(confirmed.current)
  }
  const dialog = api && (
    <Suspense>
      <ReauthenticationDialog api={api} open={open} onSettled={settle} onClosed={answer} />
    </Suspense>
  )
  return { confirm, dialog }
}
