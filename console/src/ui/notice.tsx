import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { classes } from './classes'

const KINDS = {
  info: { Icon: Info, box: 'border-line bg-sunken', icon: 'text-muted' },
  ok: { Icon: CircleCheck, box: 'border-line bg-ok-soft', icon: 'text-ok' },
  warn: { Icon: TriangleAlert, box: 'border-warn-line bg-warn-soft', icon: 'text-warn' },
  bad: { Icon: CircleAlert, box: 'border-bad-line bg-bad-soft', icon: 'text-bad' },
} as const

interface NoticeProps {
  kind: keyof typeof KINDS
  children: ReactNode
  className?: string
}

/** A boxed message within the page. A fault is announced at once to screen readers. */
export function Notice({ kind, children, className }: NoticeProps) {
  const { Icon, box, icon } = KINDS[kind]
  return (
    <div
      role={kind === 'bad' ? 'alert' : undefined}
      className={classes('flex items-start gap-2.5 rounded-control border px-3 py-2.5 text-sm', box, className)}
    >
      <Icon className={classes('mt-px size-4 shrink-0', icon)} aria-hidden="true" />
      <div className="min-w-0 flex-1 break-words">{children}</div>
    </div>
  )
}
