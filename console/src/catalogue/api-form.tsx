import { Plus, Trash2 } from 'lucide-react'
import { useId } from 'react'
import { Badge } from '../ui/badge'
import { Button } from '../ui/button'
import { classes } from '../ui/classes'
import { COVERING, DisclosureSign } from '../ui/disclosure'
import { NEW_ROUTE, type ApiEntry } from './document'
import { faultAt, faultsWithin } from './fault'
import { CheckField, TextField } from './fields'
import { ListField } from './list-field'
import { RouteForm } from './route-form'
import { ScopesOf } from './scope-form'
import { without, type Work } from './work'

interface ApiFormProps {
  api: ApiEntry
  place: number
  work: Work
  open: boolean
  onToggle: () => void
  onRemoved: () => void
}

/** One API of the catalogue: closed, its name; open, its members, scopes and routes. */
export function ApiForm({ api, place, work, open, onToggle, onRemoved }: ApiFormProps) {
  const id = useId()
  const wrong = faultsWithin(work.faults, `apis[${place}]`)
  const scopes = work.draft.scopes.filter((scope) => scope.api === api.id).length
  return (
    <li className="rounded-card border border-line bg-surface">
      <div className="relative flex items-start gap-3 px-4 py-3">
        <DisclosureSign open={open} className="mt-1" />
        <div className="min-w-0 flex-1">
          <h2 className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <button
              type="button"
              aria-expanded={open}
              aria-controls={open ? id : undefined}
              onClick={onToggle}
              className={classes('min-h-6 text-left leading-6 font-semibold break-words', COVERING)}
            >
              {api.name || api.id || 'New API'}
            </button>
            <StateBadge api={api} work={work} />
            {wrong > 0 && <Badge colour="bad">{wrong === 1 ? '1 fault' : `${wrong} faults`}</Badge>}
          </h2>
          <code className="block font-mono text-xs break-all text-muted">{api.id}</code>
        </div>
        <span className="shrink-0 text-right text-sm text-muted max-sm:hidden">
          {scopes === 1 ? '1 scope' : `${scopes} scopes`} · {api.routes.length === 1 ? '1 route' : `${api.routes.length} routes`}
        </span>
      </div>
      {open && (
        <div id={id} className="flex flex-col gap-7 border-t border-line px-4 py-5 sm:pl-11">
          <Members api={api} place={place} work={work} />
          <ScopesOf api={api} work={work} />
          <Routes api={api} place={place} work={work} />
          <Ending api={api} place={place} work={work} onRemoved={onRemoved} />
        </div>
      )}
    </li>
  )
}

function StateBadge({ api, work }: { api: ApiEntry; work: Work }) {
  const was = work.base.value.apis.find(({ id }) => id === api.id)
  return (
    <>
      {!was && <Badge colour="ok">New</Badge>}
      {api.retired && <Badge colour="warn">Retired</Badge>}
      {was && JSON.stringify(was) !== JSON.stringify(api) && <Badge colour="quiet">Changed</Badge>}
    </>
  )
}

type PartProps = Pick<ApiFormProps, 'api' | 'place' | 'work'>

function Members({ api, place, work }: PartProps) {
  const at = (member: string) => faultAt(work.faults, `apis[${place}].${member}`)
  const edit = (part: Partial<ApiEntry>) => work.editApi(place, part)
  const rename = (id: string) => {
    // Its scopes follow: they name it by its ID.
    const scopes = work.draft.scopes.map((scope) => (api.id !== '' && scope.api === api.id ? { ...scope, api: id } : scope))
    const apis = work.draft.apis.map((other, index) => (index === place ? { ...other, id } : other))
    work.replace({ apis, scopes })
  }
  return (
    <div className="grid gap-x-5 gap-y-4 lg:grid-cols-2">
      <TextField label="ID" mono value={api.id} onChange={rename} error={at('id')} placeholder="orders" />
      <TextField label="Name" value={api.name} onChange={(name) => edit({ name })} error={at('name')} placeholder="Orders API" />
      <TextField
        label="Audience"
        mono
        value={api.audience}
        onChange={(audience) => edit({ audience })}
        error={at('audience')}
        hint="What the tokens for it name as aud: a URI of its own."
        placeholder="urn:example:orders"
      />
      <TextField
        label="Base path"
        mono
        value={api.base_path}
        onChange={(base_path) => edit({ base_path })}
        error={at('base_path')}
        hint="Stands before the path of every route. Empty: nothing does."
        placeholder="/orders"
      />
      <ListField
        label="Hosts"
        value={api.hosts}
        onChange={(hosts) => edit({ hosts })}
        error={at('hosts')}
        hint="Where it answers, with commas between. Empty: on any host."
        placeholder="api.example.com"
      />
      <TextField
        label="Upstream"
        mono
        value={api.upstream}
        onChange={(upstream) => edit({ upstream })}
        error={at('upstream')}
        hint="Where the built-in gateway sends its calls. Empty: the gateway does not serve it."
        placeholder="http://127.0.0.1:9000"
      />
      <ListField
        label="Accounts"
        value={api.accounts}
        onChange={(accounts) => edit({ accounts })}
        error={at('accounts')}
        hint="IDs of the accounts that may hold its scopes. Empty: every account."
      />
      <div className="flex flex-col gap-3 lg:pt-7">
        <CheckField
          label="Takes client ID and secret themselves"
          hint="Beside tokens: programs may send them as Basic."
          checked={api.direct_credentials}
          onChange={(direct_credentials) => edit({ direct_credentials })}
        />
        <CheckField
          label="The gateway passes the token on"
          checked={api.forward_authorization}
          onChange={(forward_authorization) => edit({ forward_authorization })}
        />
      </div>
    </div>
  )
}

function Routes({ api, place, work }: PartProps) {
  const setRoutes = (routes: ApiEntry['routes'], member: string) => work.editApi(place, { routes }, member)
  return (
    <section aria-label={`Routes of ${api.name || api.id}`}>
      <h3 className="font-semibold">Routes</h3>
      <p className="mb-3 text-sm text-muted">
        Any one of a route’s scopes opens it. A path may hold {'{x}'} for one segment and end in /** for any depth.
      </p>
      <ul className="flex flex-col gap-3">
        {api.routes.map((route, at) => (
          <RouteForm
            key={at}
            api={api}
            route={route}
            at={`apis[${place}].routes[${at}]`}
            work={work}
            onChange={(part) =>
              setRoutes(
                api.routes.map((other, index) => (index === at ? { ...other, ...part } : other)),
                `routes[${at}].${Object.keys(part)[0] ?? ''}`,
              )
            }
            onRemove={() => setRoutes(without(api.routes, at), 'routes')}
          />
        ))}
      </ul>
      <Button
        className="mt-3"
        icon={<Plus className="size-4" aria-hidden="true" />}
        onClick={() => setRoutes([...api.routes, NEW_ROUTE], '')}
      >
        Add route
      </Button>
    </section>
  )
}

/** The two ways to end an API: retired, it can come back; removed, it is gone with its scopes. */
function Ending({ api, place, work, onRemoved }: PartProps & Pick<ApiFormProps, 'onRemoved'>) {
  const remove = () => {
    work.replace({
      apis: without(work.draft.apis, place),
      scopes: work.draft.scopes.filter((scope) => scope.api !== api.id),
    })
    onRemoved()
  }
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 border-t border-line pt-5">
      <CheckField
        label="Retired"
        hint="It stays listed; enforcement refuses every call to it, and its scopes grant nothing."
        checked={api.retired}
        onChange={(retired) => work.editApi(place, { retired })}
      />
      <Button className="text-bad!" icon={<Trash2 className="size-4" aria-hidden="true" />} onClick={remove}>
        Remove API and its scopes
      </Button>
    </div>
  )
}
