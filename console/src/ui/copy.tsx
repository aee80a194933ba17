import { Check, Copy } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { Button, IconButton, type ButtonLook } from './button'

const SHOWN_MS = 1600

/**
 * Puts text on the clipboard. Browsers offer the clipboard on HTTPS and loopback only; elsewhere the old
 * copy command still works on a selected text area. It must lie within `near`, or a dialog would take the
 * focus back.
 */
async function copyText(text: string, near: Element): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    area.readOnly = true
    area.className = 'sr-only'
    near.parentElement?.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    return done
  }
}

function useCopy(text: string, onCopied?: () => void) {
  const [outcome, setOutcome] = useState<'copied' | 'failed' | undefined>()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const copy = async (near: HTMLElement) => {
    const done = await copyText(text, near)
    near.focus()
    setOutcome(done ? 'copied' : 'failed')
    if (done) onCopied?.()
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setOutcome(undefined), SHOWN_MS)
  }
  return { outcome, copy }
}

interface CopyProps {
  text: string
  /** What is copied, as in "Copy client ID". */
  what: string
  onCopied?: () => void
  small?: boolean
  className?: string
}

/** A small copy button for tables and snippets. */
export function CopyIcon({ text, what, onCopied, small = false, className }: CopyProps) {
  const size = small ? 'size-3.5' : 'size-4'
  const { outcome, copy } = useCopy(text, onCopied)
  return (
    <>
      <IconButton
        label={`Copy ${what}`}
        small={small}
        onClick={(event) => copy(event.currentTarget)}
        {...(className && { className })}
      >
        {outcome === 'copied' ? (
          <Check className={`${size} text-ok`} aria-hidden="true" />
        ) : (
          <Copy className={size} aria-hidden="true" />
        )}
      </IconButton>
      <Outcome outcome={outcome} />
    </>
  )
}

/** A copy button with a word on it, for the main thing on a page. */
export function CopyButton({ text, what, onCopied, look = 'secondary' }: Omit<CopyProps, 'small' | 'className'> & { look?: ButtonLook }) {
  const { outcome, copy } = useCopy(text, onCopied)
  return (
    <>
      <Button
        look={look}
        className="min-w-24"
        onClick={(event) => copy(event.currentTarget)}
        icon={
          outcome === 'copied' ? (
            <Check className="size-4" aria-hidden="true" />
          ) : (
            <Copy className="size-4" aria-hidden="true" />
          )
        }
      >
        {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Failed' : 'Copy'}
        <span className="sr-only"> {what}</span>
      </Button>
      <Outcome outcome={outcome} />
    </>
  )
}

function Outcome({ outcome }: { outcome: 'copied' | 'failed' | undefined }) {
  return (
    <span role="status" className="sr-only">
      {outcome === 'copied' && 'Copied'}
      {outcome === 'failed' && 'Could not copy. Select the text and copy it yourself.'}
    </span>
  )
}
