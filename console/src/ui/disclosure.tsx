import { ChevronRight } from 'lucide-react'
import { classes } from './classes'

/** The sign of something that opens, which turns as it does. */
export function DisclosureSign({ open, className }: { open: boolean; className?: string }) {
  return (
    <ChevronRight
      className={classes('size-4 shrink-0 text-muted transition-transform duration-150', open && 'rotate-90', className)}
      aria-hidden="true"
    />
  )
}

/** Classes of a button that covers the whole of its row, so that a press anywhere on it counts. */
export const COVERING =
  'outline-none after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent-text'
