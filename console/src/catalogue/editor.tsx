import { Plus } from 'lucide-react'
import { useRef, useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import type { Versioned } from '../api/client'
import { usePaths } from '../session/paths'
import { Button } from '../ui/button'
import { useAskBeforeLeaving } from '../ui/leaving'
import { Notice } from '../ui/notice'
import { Segments } from '../ui/segments'
import { ApiForm } from './api-form'
import { difference } from './difference'
import { NEW_API, type Document } from './document'
import { faultAt, faultsWithin } from './fault'
import { ReviewDialog } from './review'
import { StrayScopes } from './scope-form'
import { TextMode } from './text'
import { useWork, type Work } from './work'

type Mode = 'form' | 'text'

const MODES: readonly { value: Mode; label: string }[] = [
  { value: 'form', label: 'Form' },
  { value: 'text', label: 'JSON' },
]

/** Edits a catalogue as a form or as text, and shows what would change before it is saved. */
export function Editor({ loaded }: { loaded: Versioned<Document> }) {
  const work = useWork(loaded)
  const paths = usePaths()
  const [, go] = useLocation()
  const mode: Mode = new URLSearchParams(useSearch()).get('mode') === 'text' ? 'text' : 'form'
  // Text that cannot be read has no difference to show, and leaving it would lose it.
  const [unreadable, setUnreadable] = useState(false)
  useAskBeforeLeaving(unreadable)
  const [reviewing, setReviewing] = useState(false)
  const changes = difference(work.base.value, work.draft)
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center gap-2 bg-bg py-2 sm:sticky sm:top-14 sm:z-10">
        <Segments
          label="Edit as"
          value={mode}
          choices={MODES}
          onChoose={(next) => {
            setUnreadable(false)
            go(paths.catalogue(next), { replace: true })
          }}
        />
        <p role="status" className="min-w-0 flex-[1_1_9rem] text-sm text-muted">
          {unreadable ? 'The text cannot be read yet.' : changeWords(work.changed, changes.length)}
        </p>
        {work.changed && (
          <Button look="quiet" onClick={() => work.replace(work.base.value)}>
            Discard changes
          </Button>
        )}
        <Button look="primary" disabled={!work.changed || unreadable} onClick={() => setReviewing(true)}>
          Review and save
        </Button>
      </div>
      <WholeFault work={work} />
      {mode === 'text' ? <TextMode work={work} onReadable={(readable) => setUnreadable(!readable)} /> : <FormMode work={work} />}
      <ReviewDialog
        open={reviewing}
        work={work}
        changes={changes}
        onClose={() => setReviewing(false)}
        onFaults={() => go(paths.catalogue('form'), { replace: true })}
      />
    </>
  )
}

function changeWords(changed: boolean, count: number): string {
  if (!changed) return 'Nothing is changed.'
  if (count === 0) return 'Only the order is changed.'
  return count === 1 ? '1 change, not saved' : `${count} changes, not saved`
}

/** What the server found wrong, as a whole; each field says its own. */
function WholeFault({ work }: { work: Work }) {
  if (work.faults.size === 0) return null
  const whole = faultAt(work.faults, '')
  const placed = work.faults.size - (whole ? 1 : 0)
  return (
    <Notice kind="bad" className="mb-4">
      {whole && <p>{whole}</p>}
      {placed > 0 && (
        <p>
          Nothing was saved. {placed === 1 ? 'One thing is' : `${placed} things are`} wrong; each is told beside its field.
        </p>
      )}
    </Notice>
  )
}

function FormMode({ work }: { work: Work }) {
  const { draft } = work
  const list = useRef<HTMLUListElement>(null)
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set())
  const toggle = (place: number) =>
    setOpen((before) => {
      const next = new Set(before)
      if (!next.delete(place)) next.add(place)
      return next
    })
  const add = () => {
    setOpen(new Set([...open, draft.apis.length]))
    work.replace({ ...draft, apis: [...draft.apis, NEW_API] })
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(':scope > li:last-child input')?.focus())
  }
  return (
    <>
      {draft.apis.length === 0 && (
        <p className="mb-4 max-w-prose text-muted">
          There is no API yet. An API has an audience, which its tokens name, and routes, each with the scopes that open it.
        </p>
      )}
      <ul ref={list} aria-label="APIs" className="flex flex-col gap-4">
        {draft.apis.map((api, place) => (
          <ApiForm
            key={place}
            api={api}
            place={place}
            work={work}
            open={open.has(place) || faultsOf(work, place) > 0}
            onToggle={() => toggle(place)}
            onRemoved={() => setOpen(new Set())}
          />
        ))}
      </ul>
      <StrayScopes work={work} />
      <Button className="mt-4" icon={<Plus className="size-4" aria-hidden="true" />} onClick={add}>
        Add API
      </Button>
    </>
  )
}

/** The faults of an API and of its scopes. */
function faultsOf({ draft, faults }: Work, place: number): number {
  const id = draft.apis[place]?.id
  const scopes = draft.scopes.map((scope, at) => (scope.api === id ? faultsWithin(faults, `scopes[${at}]`) : 0))
  return faultsWithin(faults, `apis[${place}]`) + scopes.reduce((sum, count) => sum + count, 0)
}
