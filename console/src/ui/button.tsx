import type { ComponentProps, MouseEvent, ReactNode } from 'react'
import { classes } from './classes'

const SHAPE =
  'inline-flex h-(--control) shrink-0 items-center justify-center gap-2 rounded-control border px-3.5 font-medium whitespace-nowrap transition-colors duration-150 disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:cursor-not-allowed aria-disabled:opacity-55'

const LOOKS = {
  primary: 'border-transparent bg-accent text-white enabled:hover:bg-accent-hover',
  secondary: 'border-line-strong/60 bg-surface text-fg enabled:hover:bg-hover',
  danger: 'border-transparent bg-bad text-on-bad enabled:hover:bg-bad-hover',
  quiet: 'border-transparent bg-transparent text-fg enabled:hover:bg-hover',
} as const

export type ButtonLook = keyof typeof LOOKS

/** Classes of a button, for links that look like one. */
export function buttonClasses(look: ButtonLook, extra?: string): string {
  return classes(SHAPE, LOOKS[look], extra)
}

interface ButtonProps extends ComponentProps<'button'> {
  look?: ButtonLook
  /** While true pressing does nothing; the label stays, so nothing moves, and the focus stays, too. */
  busy?: boolean
  icon?: ReactNode
}

export function Button({ look = 'secondary', busy = false, icon, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      // Not "disabled": that would drop the focus to the page's start, and out of a dialog.
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={busy ? refuse : rest.onClick}
      className={buttonClasses(look, className)}
    >
      {busy ? <Spinner /> : icon}
      {children}
    </button>
  )
}

/** A submit button submits by its click, so refusing that refuses both. */
function refuse(event: MouseEvent) {
  event.preventDefault()
}

function Spinner() {
  return (
    <span
      aria-hidden="true"
      className="size-4 animate-spin rounded-full border-2 border-current border-r-transparent motion-reduce:animate-none"
    />
  )
}

interface IconButtonProps extends ComponentProps<'button'> {
  /** For use within a line of text. */
  small?: boolean
  /** What pressing it does; read out, and shown on hover. */
  label: string
}

export function IconButton({ label, small = false, className, children, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={classes(
        'inline-flex shrink-0 items-center justify-center rounded-control text-muted transition-colors duration-150 hover:bg-hover hover:text-fg',
        small ? 'relative size-6 pointer-coarse:size-9 pointer-coarse:after:absolute pointer-coarse:after:-inset-1' : 'size-8 pointer-coarse:size-11',
        className,
      )}
    >
      {children}
    </button>
  )
}
