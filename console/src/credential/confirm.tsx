import { useRef, useState, type FormEvent, type ReactNode } from 'react'
import { formFaults, Problem } from '../api/problem'
import { Button } from '../ui/button'
import { Dialog, DialogBody, DialogFooter, DialogHeader } from '../ui/dialog'
import { FormProblem } from './form-problem'

interface ConfirmDialogProps {
  open: boolean
  title: string
  action: string
  /** Held back until true, as when a name has to be typed. */
  ready?: boolean
  danger?: boolean
  onConfirm: () => Promise<void>
  onClose: () => void
  onClosed: () => void
  /** What gets the focus; the way back if left out, so that Enter alone does nothing. */
  initialFocus?: React.RefObject<HTMLElement | null>
  /** A control of the dialog; a conflict with what stands already is told beside it. */
  field?: (fault: string | undefined) => ReactNode
  children: ReactNode
}

/** Asks before something is done, does it, and stays with the reason when it was refused. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const cancel = useRef<HTMLButtonElement>(null)
  return (
    <Dialog open={props.open} onClose={props.onClose} onClosed={props.onClosed} initialFocus={props.initialFocus ?? cancel}>
      <ConfirmForm {...props} cancel={cancel} />
    </Dialog>
  )
}

function ConfirmForm(props: ConfirmDialogProps & { cancel: React.RefObject<HTMLButtonElement | null> }) {
  const { title, action, ready = true, danger = true, onConfirm, onClose, cancel, field, children } = props
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy || !ready) return
    setBusy(true)
    setError(undefined)
    try {
      await onConfirm()
    } catch (refusal) {
      setError(refusal)
      setBusy(false)
    }
  }
  const beside = field && error instanceof Problem && error.status === 409 ? error.message : undefined
  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-col">
      <DialogHeader title={title} onClose={onClose} />
      <DialogBody className="gap-4">
        {children}
        {field?.(beside)}
        <FormProblem error={error} message={beside === undefined ? formFaults(error, []).general : undefined} />
      </DialogBody>
      <DialogFooter>
        <Button ref={cancel} onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" look={danger ? 'danger' : 'primary'} busy={busy} disabled={!ready}>
          {action}
        </Button>
      </DialogFooter>
    </form>
  )
}
