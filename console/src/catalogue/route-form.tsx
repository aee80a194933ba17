import { Trash2, X } from 'lucide-react'
import { useId } from 'react'
import { IconButton } from '../ui/button'
import { FieldError } from '../ui/field'
import type { ApiEntry, RouteEntry } from './document'
import { faultAt } from './fault'
import { TextField } from './fields'
import { ListField } from './list-field'
import type { Work } from './work'

interface RouteFormProps {
  api: ApiEntry
  route: RouteEntry
  /** Its place in the document, by which faults find it. */
  at: string
  work: Work
  onChange: (part: Partial<RouteEntry>) => void
  onRemove: () => void
}

/** One route: which methods and path, and which scopes open it. */
export function RouteForm({ api, route, at, work, onChange, onRemove }: RouteFormProps) {
  const whole = work.faults.get(at)
  return (
    <li className="rounded-control border border-line bg-bg p-3">
      <div className="flex items-start gap-3">
        <div className="grid min-w-0 flex-1 gap-3 md:grid-cols-[10rem_minmax(0,1fr)]">
          <ListField
            label="Methods"
            value={route.methods}
            onChange={(methods) => onChange({ methods })}
            error={faultAt(work.faults, `${at}.methods`)}
            placeholder="Any"
            spell={(text) => text.toUpperCase()}
          />
          <TextField
            label="Path"
            mono
            value={route.path}
            onChange={(path) => onChange({ path })}
            error={faultAt(work.faults, `${at}.path`)}
            placeholder="/orders/{id}"
          />
        </div>
        <IconButton label={`Remove route ${route.path}`} title="Remove route" onClick={onRemove} className="-mr-1">
          <Trash2 className="size-4" aria-hidden="true" />
        </IconButton>
      </div>
      <RouteScopes api={api} route={route} work={work} error={faultAt(work.faults, `${at}.scopes`)} onChange={onChange} />
      {whole && <FieldError>{whole}</FieldError>}
    </li>
  )
}

interface RouteScopesProps {
  api: ApiEntry
  route: RouteEntry
  work: Work
  error: string | undefined
  onChange: (part: Partial<RouteEntry>) => void
}

function RouteScopes({ api, route, work, error, onChange }: RouteScopesProps) {
  const errorID = useId()
  const known = work.draft.scopes.filter(({ value }) => value && !route.scopes.includes(value))
  const groups = [
    { label: api.name || api.id, scopes: known.filter((scope) => scope.api === api.id) },
    { label: 'Of other APIs', scopes: known.filter((scope) => scope.api !== api.id) },
  ].filter(({ scopes }) => scopes.length > 0)
  return (
    <div className="mt-3 flex flex-col gap-1.5">
      <span className="font-medium" aria-hidden="true">
        Opens to any one of
      </span>
      <div className="flex flex-wrap items-center gap-2">
        {route.scopes.length > 0 && (
          <ul aria-label={`Scopes that open ${route.path}`} className="flex min-w-0 flex-wrap items-center gap-1.5">
            {route.scopes.map((scope) => (
              <li
                key={scope}
                className="inline-flex max-w-full items-center rounded-[0.375rem] border border-line bg-sunken pl-2 font-mono text-xs"
              >
                <span className="min-w-0 truncate">{scope}</span>
                <IconButton
                  small
                  label={`Take ${scope} from ${route.path}`}
                  title="Take away"
                  onClick={() => onChange({ scopes: route.scopes.filter((other) => other !== scope) })}
                >
                  <X className="size-3" aria-hidden="true" />
                </IconButton>
              </li>
            ))}
          </ul>
        )}
        <select
          aria-label={`Add a scope to ${route.path}`}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? errorID : undefined}
          className="field w-44! max-w-full"
          value=""
          disabled={groups.length === 0}
          onChange={(event) => onChange({ scopes: [...route.scopes, event.currentTarget.value] })}
        >
          <option value="">{groups.length === 0 ? 'No other scope' : 'Add a scope…'}</option>
          {groups.map(({ label, scopes }) => (
            <optgroup key={label} label={label}>
              {scopes.map(({ value }) => (
                <option key={value} value={value}>
                  {value}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </div>
      {error && <FieldError id={errorID}>{error}</FieldError>}
    </div>
  )
}
