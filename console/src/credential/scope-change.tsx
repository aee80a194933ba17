import { Minus, Plus } from 'lucide-react'
import type { ScopeCatalogue } from '../scope/catalogue'
import { ScopeChip } from '../scope/chip'
import { scopeDifference } from '../scope/difference'

interface ScopeChangeProps {
  before: readonly string[]
  after: readonly string[]
  catalogue: ScopeCatalogue
}

/** What saving does to the scopes, before it is done. */
export function ScopeChange({ before, after, catalogue }: ScopeChangeProps) {
  const { added, removed } = scopeDifference(before, after)
  return (
    <div className="rounded-control border border-line bg-bg px-3 py-2.5 text-sm" role="status">
      <p className="font-medium">Saving changes its scopes</p>
      <ul className="mt-1.5 flex flex-col gap-1.5">
        {added.map((scope) => (
          <Line key={scope} scope={scope} catalogue={catalogue} added />
        ))}
        {removed.map((scope) => (
          <Line key={scope} scope={scope} catalogue={catalogue} added={false} />
        ))}
      </ul>
      {removed.length > 0 && (
        <p className="mt-2 text-muted">Tokens already issued lose what is removed at once.</p>
      )}
      {added.length > 0 && <p className="mt-2 text-muted">What is added takes effect with the next token.</p>}
    </div>
  )
}

function Line({ scope, catalogue, added }: { scope: string; catalogue: ScopeCatalogue; added: boolean }) {
  const Sign = added ? Plus : Minus
  return (
    <li className="flex items-start gap-2">
      <Sign className={`mt-0.5 size-3.5 shrink-0 ${added ? 'text-ok' : 'text-bad'}`} aria-hidden="true" />
      <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-2 gap-y-1">
        <span>
          <span className="sr-only">{added ? 'Adds: ' : 'Removes: '}</span>
          {catalogue.byValue.get(scope)?.description ?? scope}
        </span>
        <ScopeChip value={scope} />
      </span>
    </li>
  )
}
