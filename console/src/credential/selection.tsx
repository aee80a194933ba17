import { PowerOff, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { Credential } from '../api/types'
import { Button } from '../ui/button'
import { may } from './permission'

/** Which rows of the shown page are chosen, and how to choose. */
export interface Selection {
  chosen: ReadonlySet<string>
  /** Whether a row can be chosen: what cannot be disabled, or is already, cannot. */
  open: (credential: Credential) => boolean
  toggle: (credentials: readonly Credential[], on: boolean) => void
}

export function isDisablable(credential: Credential): boolean {
  return may(credential, 'disable') && credential.status !== 'disabled'
}

const NONE: ReadonlySet<string> = new Set()

/** A choice of rows, which lasts as long as the same `view` is listed. */
export function useSelection(view: string): Selection & { clear: () => void } {
  const [state, setState] = useState({ view, chosen: NONE })
  const chosen = state.view === view ? state.chosen : NONE
  return {
    chosen,
    open: isDisablable,
    toggle: (credentials, on) => {
      const next = new Set(chosen)
      for (const { client_id } of credentials) {
        if (on) next.add(client_id)
        else next.delete(client_id)
      }
      setState({ view, chosen: next })
    },
    clear: () => setState({ view, chosen: NONE }),
  }
}

interface SelectBoxProps {
  label: string
  /** The rows it stands for: one, or all that are shown. */
  credentials: readonly Credential[]
  selection: Selection
}

/** Chooses one row, or all that are shown and can be chosen. */
export function SelectBox({ label, credentials, selection }: SelectBoxProps) {
  const box = useRef<HTMLInputElement>(null)
  const open = credentials.filter(selection.open)
  const chosen = open.filter(({ client_id }) => selection.chosen.has(client_id)).length
  useEffect(() => {
    if (box.current) box.current.indeterminate = chosen > 0 && chosen < open.length
  }, [chosen, open.length])
  return (
    <label className="relative z-[1] inline-flex size-8 items-center justify-center pointer-coarse:size-11" title={open.length === 0 ? 'Already disabled, or not yours to disable' : undefined}>
      <span className="sr-only">{label}</span>
      <input
        ref={box}
        type="checkbox"
        className="size-4 accent-(--color-accent)"
        disabled={open.length === 0}
        checked={open.length > 0 && chosen === open.length}
        onChange={(event) => selection.toggle(open, event.currentTarget.checked)}
      />
    </label>
  )
}

interface SelectionBarProps {
  count: number
  /** There are other pages, whose rows are not chosen. */
  paged: boolean
  onDisable: () => void
  onClear: () => void
}

/** What can be done with the chosen rows; it stays in sight at the lower edge. */
export function SelectionBar({ count, paged, onDisable, onClear }: SelectionBarProps) {
  return (
    <div
      role="region"
      aria-label="Chosen credentials"
      className="sticky bottom-4 z-10 mt-4 flex flex-wrap items-center gap-2 rounded-card border border-line bg-surface px-4 py-2.5 shadow-pop"
    >
      <p role="status" className="flex-1 font-medium">
        <span className="whitespace-nowrap">{count} chosen</span>
        {paged && <span className="block text-sm font-normal text-muted">Of this page alone: other pages are chosen from one by one.</span>}
      </p>
      <Button look="quiet" icon={<X className="size-4" aria-hidden="true" />} onClick={onClear}>
        Clear
      </Button>
      <Button icon={<PowerOff className="size-4" aria-hidden="true" />} onClick={onDisable}>
        Disable
      </Button>
    </div>
  )
}
