import { useEffect, useRef } from 'react'
import type { Versioned } from '../api/client'
import { Button } from '../ui/button'
import { DialogBody, DialogFooter, DialogHeader } from '../ui/dialog'
import { Notice } from '../ui/notice'
import { ChangeList } from './change-list'
import { difference } from './difference'
import type { Document } from './document'
import { merge } from './merge'
import type { Work } from './work'

interface StaleViewProps {
  work: Work
  /** What somebody else saved meanwhile. */
  newer: Versioned<Document>
  onDone: () => void
}

/** Shows both changes when somebody saved in between, and lets the person choose how to go on. */
export function StaleView({ work, newer, onDone }: StaleViewProps) {
  const first = useRef<HTMLButtonElement>(null)
  // The dialog's content was swapped under the focus.
  useEffect(() => first.current?.focus(), [])
  const base = work.base.value
  const both = merge(base, work.draft, newer.value)
  const take = (draft: Document) => {
    work.rebase(newer, draft)
    onDone()
  }
  return (
    <>
      <DialogHeader title="Somebody saved the catalogue while you were editing">
        Nothing of yours was saved yet. Choose which version to go on with; you see the difference again before it is saved.
      </DialogHeader>
      <DialogBody className="gap-4">
        {both.overlaps.length > 0 && (
          <Notice kind="warn">
            Both of you changed <span className="font-mono text-xs break-all">{both.overlaps.join(', ')}</span>. Putting yours on
            top replaces what they did there.
          </Notice>
        )}
        <section aria-labelledby="theirs">
          <h3 id="theirs" className="mb-2 font-semibold">
            What they saved
          </h3>
          <ChangeList changes={difference(base, newer.value)} />
        </section>
        <section aria-labelledby="yours">
          <h3 id="yours" className="mb-2 font-semibold">
            What you changed
          </h3>
          <ChangeList changes={difference(base, work.draft)} />
        </section>
      </DialogBody>
      <DialogFooter>
        <Button onClick={() => take(newer.value)}>Take what is saved</Button>
        <Button ref={first} look="primary" onClick={() => take(both.document)}>
          Put mine on top
        </Button>
      </DialogFooter>
    </>
  )
}
