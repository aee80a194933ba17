import { useQuery } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { Link } from 'wouter'
import { formatTotal } from '../credential/queries'
import { DEFAULT_FILTER } from '../credential/filter'
import { usePaths } from '../session/paths'
import { useSession } from '../session/session'
import { Button, IconButton } from '../ui/button'
import { Card } from '../ui/card'
import { Field, FieldError } from '../ui/field'
import { NEW_SCOPE, type ApiEntry, type ScopeEntry } from './document'
import { faultAt } from './fault'
import { CheckField, TextField } from './fields'
import { holdersQueryOptions } from './queries'
import { without, type Work } from './work'

/** The scopes of one API. */
export function ScopesOf({ api, work }: { api: ApiEntry; work: Work }) {
  const { draft } = work
  const add = () => work.replace({ ...draft, scopes: [...draft.scopes, { ...NEW_SCOPE, api: api.id }] })
  return (
    <section aria-label={`Scopes of ${api.name || api.id}`}>
      <h3 className="font-semibold">Scopes</h3>
      <p className="mb-3 text-sm text-muted">People choose a scope by its description; programs name its value.</p>
      <ul className="flex flex-col gap-3">
        {draft.scopes.map((scope, place) =>
          scope.api === api.id ? <ScopeForm key={place} scope={scope} place={place} work={work} /> : null,
        )}
      </ul>
      <Button className="mt-3" disabled={!api.id} icon={<Plus className="size-4" aria-hidden="true" />} onClick={add}>
        Add scope
      </Button>
    </section>
  )
}

/** Scopes whose API is not in the document, which cannot be saved so. */
export function StrayScopes({ work }: { work: Work }) {
  const ids = new Set(work.draft.apis.map(({ id }) => id))
  const stray = work.draft.scopes.map((scope, place) => ({ scope, place })).filter(({ scope }) => !ids.has(scope.api))
  if (stray.length === 0) return null
  return (
    <div className="mt-4">
      <Card title="Scopes without an API">
        <ul className="flex flex-col gap-3">
          {stray.map(({ scope, place }) => (
            <ScopeForm key={place} scope={scope} place={place} work={work} homeless />
          ))}
        </ul>
      </Card>
    </div>
  )
}

interface ScopeFormProps {
  scope: ScopeEntry
  place: number
  work: Work
  /** Its API has to be chosen first. */
  homeless?: boolean
}

function ScopeForm({ scope, place, work, homeless = false }: ScopeFormProps) {
  const at = (member: string) => faultAt(work.faults, `scopes[${place}].${member}`)
  const whole = work.faults.get(`scopes[${place}]`)
  const edit = (part: Partial<ScopeEntry>) => work.editScope(place, part)
  const supervisors = scope.roles.includes('supervisor')
  return (
    <li className="rounded-control border border-line bg-bg p-3">
      <div className="flex items-start gap-3">
        <div className="grid min-w-0 flex-1 gap-3 md:grid-cols-[14rem_minmax(0,1fr)]">
          <TextField label="Value" mono value={scope.value} onChange={(value) => edit({ value })} error={at('value')} placeholder="orders:read" />
          <TextField
            label="Description"
            value={scope.description}
            onChange={(description) => edit({ description })}
            error={at('description')}
            placeholder="Read orders"
          />
        </div>
        <IconButton
          label={`Remove scope ${scope.value}`}
          title="Remove scope"
          className="-mr-1"
          onClick={() => work.replace({ ...work.draft, scopes: without(work.draft.scopes, place) })}
        >
          <Trash2 className="size-4" aria-hidden="true" />
        </IconButton>
      </div>
      {homeless && <ApiChoice scope={scope} work={work} error={at('api')} onChange={(api) => edit({ api })} />}
      <div className="mt-3 flex flex-wrap gap-x-8 gap-y-2">
        <CheckField
          label="Supervisors may hold it"
          checked={supervisors}
          onChange={(on) => edit({ roles: on ? ['admin', 'supervisor'] : ['admin'] })}
        />
        <CheckField label="Retired" checked={scope.retired} onChange={(retired) => edit({ retired })} />
        <Holders scope={scope} work={work} />
      </div>
      {at('roles') && <FieldError>{at('roles')}</FieldError>}
      {!homeless && at('api') && <FieldError>{at('api')}</FieldError>}
      {whole && <FieldError>{whole}</FieldError>}
    </li>
  )
}

interface ApiChoiceProps {
  scope: ScopeEntry
  work: Work
  error: string | undefined
  onChange: (api: string) => void
}

function ApiChoice({ scope, work, error, onChange }: ApiChoiceProps) {
  return (
    <div className="mt-3">
      <Field label="API" error={error}>
        {(control) => (
          <select {...control} className="field" value={scope.api} onChange={(event) => onChange(event.currentTarget.value)}>
            <option value={scope.api}>{scope.api || 'Choose…'}</option>
            {work.draft.apis.map(({ id, name }) => (
              <option key={id} value={id}>
                {name || id}
              </option>
            ))}
          </select>
        )}
      </Field>
    </div>
  )
}

/** How many credentials of this account hold a scope that was saved. */
function Holders({ scope, work }: { scope: ScopeEntry; work: Work }) {
  const { api } = useSession()
  const paths = usePaths()
  const saved = work.base.value.scopes.some(({ value }) => value === scope.value)
  const count = useQuery({ ...holdersQueryOptions(api, scope.value), enabled: saved })
  if (!saved || !count.data) return null
  if (count.data.count === 0) return <span className="text-sm text-muted">No credential of this account holds it.</span>
  return (
    <span className="text-sm text-muted">
      <Link
        href={paths.credentials({ ...DEFAULT_FILTER, scope: scope.value })}
        className="rounded-sm text-accent-text underline underline-offset-2"
      >
        {formatTotal(count.data)} {count.data.count === 1 ? 'credential' : 'credentials'}
      </Link>{' '}
      of this account {count.data.count === 1 ? 'holds' : 'hold'} it.
    </span>
  )
}
