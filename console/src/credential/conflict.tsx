import { useEffect, useRef } from 'react'
import type { Credential } from '../api/types'
import { ScopeChips } from '../scope/chip'
import { Button } from '../ui/button'
import { Ago } from '../ui/time'
import { draftOf, type CredentialDraft } from './draft'

interface ConflictProps {
  mine: CredentialDraft
  /** What the person's change started from. */
  base: Credential
  /** What somebody else saved meanwhile. */
  saved: Credential
  onKeep: () => void
  onTake: () => void
}

/** Shows both versions when somebody saved in between, and lets the person choose which to go on with. */
export function Conflict({ mine, base, saved, onKeep, onTake }: ConflictProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const theirs = draftOf(saved)
  const was = draftOf(base)
  const rows = [
    { field: 'Name', was: was.name, mine: mine.name.trim(), theirs: theirs.name },
    { field: 'Scopes', was: words(was.scopes), mine: words(mine.scopes), theirs: words(theirs.scopes) },
    { field: 'Expires', was: was.expires || 'Never', mine: mine.expires || 'Never', theirs: theirs.expires || 'Never' },
  ].filter((row) => row.mine !== row.theirs || row.theirs !== row.was)
  return (
    <div role="alert" className="rounded-control border border-warn-line bg-warn-soft p-4">
      <h3 ref={heading} tabIndex={-1} className="font-semibold outline-none">
        Somebody saved this credential while you were editing
      </h3>
      <p className="mt-0.5 text-sm">
        Saved <Ago time={saved.updated_at} />. Nothing of yours was saved yet; choose which version to go on with.
      </p>
      <div className="mt-3 overflow-x-auto">
        <table className="w-full table-fixed text-left text-sm">
          <thead>
            <tr className="text-muted">
              <th scope="col" className="w-20 pr-3 pb-1 font-normal">
                <span className="sr-only">Field</span>
              </th>
              <th scope="col" className="pr-3 pb-1 font-normal">Yours</th>
              <th scope="col" className="pb-1 font-normal">Saved now</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.field} className="align-top">
                <th scope="row" className="py-1 pr-3 font-medium">{row.field}</th>
                <td className="py-1 pr-3 break-words"><Cell field={row.field} text={row.mine} /></td>
                <td className="py-1 break-words"><Cell field={row.field} text={row.theirs} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button onClick={onKeep}>Keep mine</Button>
        <Button onClick={onTake}>Take what is saved</Button>
      </div>
    </div>
  )
}

function Cell({ field, text }: { field: string; text: string }) {
  return field === 'Scopes' ? <ScopeChips scopes={text.split(' ')} shown={100} /> : text
}

function words(scopes: readonly string[]): string {
  return [...scopes].sort().join(' ')
}

