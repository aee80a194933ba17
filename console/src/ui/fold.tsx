import { useId, useState, type ReactNode } from 'react'
import { DisclosureSign } from './disclosure'

interface FoldProps {
  title: string
  /** What is set within, on one line. */
  summary: string
  /** Something within is at fault, and must be seen. */
  faulty: boolean
  children: ReactNode
}

/** A part of a form that most leave alone, folded away. */
export function Fold({ title, summary, faulty, children }: FoldProps) {
  const [unfolded, setUnfolded] = useState(false)
  const id = useId()
  const open = unfolded || faulty
  return (
    <section className="rounded-control border border-line">
      <h3>
        <button
          type="button"
          aria-expanded={open}
          aria-controls={open ? id : undefined}
          onClick={() => setUnfolded(!open)}
          className="flex min-h-(--control) w-full items-center gap-2 rounded-control px-3 py-1.5 text-left hover:bg-hover"
        >
          <DisclosureSign open={open} />
          <span className="font-medium">{title}</span>
          <span className="min-w-0 flex-1 text-right text-sm break-words text-muted">{summary}</span>
        </button>
      </h3>
      {open && (
        <div id={id} className="flex flex-col gap-5 border-t border-line p-3">
          {children}
        </div>
      )}
    </section>
  )
}
