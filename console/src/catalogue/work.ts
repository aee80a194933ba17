import { useState } from 'react'
import type { Versioned } from '../api/client'
import { useAskBeforeLeaving } from '../ui/leaving'
import { same, type ApiEntry, type Document, type ScopeEntry } from './document'
import { NO_FAULTS, withoutFault, type Faults } from './fault'

/** A catalogue being changed: what was read, what it is to become, and what the server found wrong with it. */
export interface Work {
  base: Versioned<Document>
  draft: Document
  faults: Faults
  changed: boolean
  /** Edits the API at a place; `member` names the field whose fault is thereby old. */
  editApi: (place: number, part: Partial<ApiEntry>, member?: string) => void
  editScope: (place: number, part: Partial<ScopeEntry>) => void
  /** Replaces the whole draft; faults, which go by place, are forgotten. */
  replace: (draft: Document) => void
  /** Goes on from another reading of the catalogue. */
  rebase: (base: Versioned<Document>, draft: Document) => void
  setFaults: (faults: Faults) => void
}

export function useWork(loaded: Versioned<Document>): Work {
  const [state, setState] = useState({ base: loaded, draft: loaded.value, faults: NO_FAULTS })
  const changed = !same(state.base.value, state.draft)
  useAskBeforeLeaving(changed)
  return {
    ...state,
    changed,
    editApi: (place, part, member) =>
      setState(({ base, draft, faults }) => ({
        base,
        draft: { ...draft, apis: withPart(draft.apis, place, part) },
        faults: clear(faults, `apis[${place}]`, member ? [member] : Object.keys(part)),
      })),
    editScope: (place, part) =>
      setState(({ base, draft, faults }) => ({
        base,
        draft: { ...draft, scopes: withPart(draft.scopes, place, part) },
        faults: clear(faults, `scopes[${place}]`, Object.keys(part)),
      })),
    replace: (draft) => setState(({ base }) => ({ base, draft, faults: NO_FAULTS })),
    rebase: (base, draft) => setState({ base, draft, faults: NO_FAULTS }),
    setFaults: (faults) => setState((before) => ({ ...before, faults })),
  }
}

function withPart<T>(entries: readonly T[], place: number, part: Partial<T>): T[] {
  return entries.map((entry, at) => (at === place ? { ...entry, ...part } : entry))
}

function clear(faults: Faults, at: string, members: readonly string[]): Faults {
  return members.reduce((left, member) => withoutFault(left, `${at}.${member}`), faults)
}

/** The entries without the one at a place. */
export function without<T>(entries: readonly T[], place: number): T[] {
  return entries.filter((_, at) => at !== place)
}
