import { useId, useState } from 'react'
import type { Api, Route } from '../api/types'
import { Badge } from '../ui/badge'
import { classes } from '../ui/classes'
import { CopyIcon } from '../ui/copy'
import { COVERING, DisclosureSign } from '../ui/disclosure'
import { RouteList } from './routes'

/** An API and those of its routes that are shown. */
export interface ShownApi {
  api: Api
  routes: Route[]
}

/** Up to how many routes all APIs are open from the start. */
const OPEN_UP_TO = 60

/** Lists APIs with their routes. */
export function ApiList({ shown }: { shown: readonly ShownApi[] }) {
  const open = shown.reduce((sum, { routes }) => sum + routes.length, 0) <= OPEN_UP_TO
  return (
    <ul aria-label="APIs" className="flex flex-col gap-4">
      {shown.map((one) => (
        <ApiItem key={one.api.id} {...one} initiallyOpen={open} />
      ))}
    </ul>
  )
}

function ApiItem({ api, routes, initiallyOpen }: ShownApi & { initiallyOpen: boolean }) {
  const [open, setOpen] = useState(initiallyOpen)
  const id = useId()
  return (
    <li className="overflow-hidden rounded-card border border-line bg-surface">
      <div className="relative flex items-start gap-3 px-4 py-3">
        <DisclosureSign open={open} className="mt-1" />
        <div className="min-w-0 flex-1">
          <h2 className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <button
              type="button"
              aria-expanded={open}
              aria-controls={open ? id : undefined}
              onClick={() => setOpen(!open)}
              className={classes('min-h-6 text-left leading-6 font-semibold break-words', COVERING)}
            >
              {api.name}
            </button>
            {api.retired && <Badge colour="warn">Retired</Badge>}
          </h2>
          <ApiFacts api={api} />
        </div>
        <span className="shrink-0 text-sm whitespace-nowrap text-muted max-sm:hidden">
          {routes.length === 1 ? '1 route' : `${routes.length} routes`}
        </span>
      </div>
      {open && (
        <div id={id} className="border-t border-line px-4 sm:pl-11">
          <RouteList label={`Routes of the ${api.name}`} routes={routes.map((route) => ({ api, route }))} />
        </div>
      )}
    </li>
  )
}

function ApiFacts({ api }: { api: Api }) {
  return (
    <dl className="mt-0.5 flex flex-wrap gap-x-5 gap-y-1 text-sm text-muted">
      <div className="flex min-w-0 max-w-full items-center gap-1.5">
        <dt>Audience</dt>
        <dd className="flex min-w-0 items-center">
          <code className="min-w-0 font-mono text-xs break-all">{api.audience}</code>
          <span className="relative inline-flex">
            <CopyIcon small text={api.audience} what={`audience of the ${api.name}`} />
          </span>
        </dd>
      </div>
      <div className="flex min-w-0 items-center gap-1.5">
        <dt>Hosts</dt>
        <dd className="min-w-0 break-words">{api.hosts.length > 0 ? api.hosts.join(', ') : 'any'}</dd>
      </div>
      <div className="flex min-w-0 items-center gap-1.5">
        <dt>Takes</dt>
        <dd>{api.direct_credentials ? 'tokens, or client ID and secret' : 'tokens'}</dd>
      </div>
    </dl>
  )
}
