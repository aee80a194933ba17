import type { ReactNode } from 'react'
import { classes } from './classes'

const COLOURS = {
  ok: 'bg-ok-soft text-ok',
  quiet: 'bg-sunken text-muted',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
} as const

export type BadgeColour = keyof typeof COLOURS

/** A state, by word, dot and colour. */
export function Badge({ colour, children }: { colour: BadgeColour; children: ReactNode }) {
  return (
    <span
      className={classes(
        'inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-sm font-medium whitespace-nowrap',
        COLOURS[colour],
      )}
    >
      <span aria-hidden="true" className="size-1.5 rounded-full bg-current" />
      {children}
    </span>
  )
}
