import { ChevronRight } from 'lucide-react'
import { useId, useState } from 'react'
import type { Scope } from '../api/types'
import { classes } from '../ui/classes'

interface ManagementScopesProps {
  offered: readonly Scope[]
  value: readonly string[]
  onChange: (scopes: string[]) => void
}

/**
 * Claviger's own scopes, closed until asked for: a program that holds them can change credentials, and few
 * programs should. One chosen earlier is listed even when it is no longer on offer, so that it can be removed.
 */
export function ManagementScopes({ offered, value, onChange }: ManagementScopesProps) {
  const [open, setOpen] = useState(false)
  const id = useId()
  const values = [...new Set([...offered.map((scope) => scope.value), ...value])]
  if (values.length === 0) return null
  const descriptions = new Map(offered.map((scope) => [scope.value, scope.description]))
  const toggle = (scope: string, on: boolean) =>
    onChange(on ? [...value, scope] : value.filter((other) => other !== scope))
  return (
    <div className="rounded-control border border-line">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        className="flex min-h-(--control) w-full items-center gap-2 rounded-control px-3 text-left text-sm hover:bg-hover"
      >
        <ChevronRight
          className={classes('size-4 shrink-0 text-muted transition-transform duration-150', open && 'rotate-90')}
          aria-hidden="true"
        />
        <span className="flex-1">Claviger’s own scopes</span>
        <span className="text-muted">{value.length > 0 ? `${value.length} chosen` : `${values.length} on offer`}</span>
      </button>
      {open && (
        <fieldset id={id} className="border-t border-line px-3 py-2">
          <legend className="sr-only">Claviger’s own scopes</legend>
          <p className="pb-1 text-sm text-muted">
            For programs that create or rotate credentials. A token has either these or other scopes, never both.
          </p>
          {values.map((scope) => (
            <label key={scope} className="flex min-h-9 items-start gap-2.5 rounded-control py-2 pointer-coarse:min-h-11">
              <input
                type="checkbox"
                className="mt-0.5 size-4 shrink-0 accent-(--color-accent)"
                checked={value.includes(scope)}
                onChange={(event) => toggle(scope, event.currentTarget.checked)}
              />
              <span className="min-w-0 flex-1">
                <span className="block">{descriptions.get(scope) ?? 'No longer on offer to you'}</span>
                <code className="mt-0.5 block truncate font-mono text-xs text-muted">{scope}</code>
              </span>
            </label>
          ))}
        </fieldset>
      )}
    </div>
  )
}
