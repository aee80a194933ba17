import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { KeyboardEvent, ReactNode, RefObject } from 'react'
import { IconButton } from './button'
import { classes } from './classes'

interface DialogProps {
  open: boolean
  /** Called when the person wants to leave, by Esc, a press outside or the close button. Keep it open by not acting. */
  onClose: () => void
  /** Called when the closing motion is over and the content has left the page. */
  onClosed?: () => void
  /** What gets the focus when the dialog opens. Always given: else the close button would get it. */
  initialFocus: RefObject<HTMLElement | null>
  wide?: boolean
  /** Not closed by a press outside, which would lose what was typed. Esc and the buttons still close it. */
  sticky?: boolean
  /** Opens over another dialog, which must not take its Esc for one of its own. */
  above?: boolean
  children: ReactNode
}

/** A modal dialog: a card in the upper half of the window, a bottom sheet on a phone. */
export function Dialog({ open, onClose, onClosed, initialFocus, wide = false, sticky = false, above = false, children }: DialogProps) {
  const keepEscape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    onClose()
  }
  return (
    <Base.Root
      open={open}
      disablePointerDismissal={sticky}
      onOpenChange={(next) => !next && onClose()}
      onOpenChangeComplete={(now) => !now && onClosed?.()}
    >
      <Base.Portal>
        <Base.Backdrop
          className={classes(
            'fixed inset-0 bg-scrim backdrop-blur-[3px] transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0',
            above ? 'z-40' : 'z-30',
          )}
        />
        <Base.Popup
          initialFocus={initialFocus}
          onKeyDown={above ? keepEscape : undefined}
          className={classes(
            'fixed inset-x-0 mx-auto flex flex-col overflow-hidden border border-line bg-surface shadow-dialog transition-[opacity,translate] duration-150 ease-out outline-none',
            'max-sm:bottom-0 max-sm:max-h-[92dvh] max-sm:rounded-t-dialog max-sm:border-b-0 max-sm:data-ending-style:translate-y-8 max-sm:data-starting-style:translate-y-8',
            'sm:top-[7dvh] sm:max-h-[86dvh] sm:w-[calc(100%-3rem)] sm:rounded-dialog sm:data-ending-style:-translate-y-1 sm:data-starting-style:-translate-y-1',
            'data-ending-style:opacity-0 data-starting-style:opacity-0',
            above ? 'z-40' : 'z-30',
            wide ? 'sm:max-w-xl' : 'sm:max-w-[33rem]',
          )}
        >
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

interface DialogHeaderProps {
  title: string
  children?: ReactNode
  icon?: ReactNode
  /** Left out, the dialog has no close button; Esc still asks to leave. */
  onClose?: () => void
}

export function DialogHeader({ title, children, icon, onClose }: DialogHeaderProps) {
  return (
    <header className="flex items-start gap-3 px-6 pt-5 pb-1">
      {icon}
      <div className="min-w-0 flex-1 pt-0.5">
        <Base.Title className="text-lg font-semibold tracking-[-0.01em]">{title}</Base.Title>
        {children && <Base.Description className="mt-0.5 break-words text-sm text-muted">{children}</Base.Description>}
      </div>
      {onClose && (
        <IconButton label="Close" onClick={onClose} className="-mt-0.5 -mr-2">
          <X className="size-4" aria-hidden="true" />
        </IconButton>
      )}
    </header>
  )
}

export function DialogBody({ children, className }: { children: ReactNode; className?: string }) {
  return <div className={classes('flex min-h-0 flex-col gap-5 overflow-y-auto px-6 py-4', className)}>{children}</div>
}

/** The row of actions under a dialog; stacked, each takes the whole width of a phone, the last-named on top. */
export function DialogFooter({ children, stacked = true }: { children: ReactNode; stacked?: boolean }) {
  return (
    <footer
      className={classes(
        'flex items-center justify-end gap-2 border-t border-line bg-bg px-6 py-4',
        stacked && 'max-sm:flex-col-reverse max-sm:items-stretch',
      )}
    >
      {children}
    </footer>
  )
}
