import type { Api, Route } from '../api/types'
import { CopyIcon } from '../ui/copy'
import { ScopeChip } from './chip'
import { methodWords } from './route'

interface RouteListProps {
  label: string
  routes: readonly { api: Api; route: Route }[]
  /** Which API each belongs to, where they differ. */
  showApi?: boolean
}

/** Routes with the scopes that open them, of which any one suffices. */
export function RouteList({ label, routes, showApi = false }: RouteListProps) {
  return (
    <ul aria-label={label} className="divide-y divide-line">
      {routes.map(({ api, route }) => (
        <li
          key={`${api.id} ${methodWords(route)} ${route.path}`}
          className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1.5 py-2.5"
        >
          <div className="min-w-0 flex-[1_1_20rem]">
            <RoutePath methods={methodWords(route)} path={api.base_path + route.path} />
            {showApi && <p className="mt-0.5 text-sm text-muted">{api.name}</p>}
          </div>
          <AnyOf scopes={route.scopes} />
        </li>
      ))}
    </ul>
  )
}

/** Methods and path, as documentation writes them. */
export function RoutePath({ methods, path }: { methods: string; path: string }) {
  return (
    <span className="inline-flex max-w-full items-center gap-1">
      <code className="min-w-0 py-0.5 font-mono text-xs leading-5 break-words [overflow-wrap:anywhere]">
        <span className="mr-2 font-semibold text-accent-text">{methods}</span>
        {path}
      </code>
      <CopyIcon small text={path} what={`path ${path}`} />
    </span>
  )
}

function AnyOf({ scopes }: { scopes: readonly string[] }) {
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-1">
      {scopes.map((scope, place) => (
        <span key={scope} className="inline-flex max-w-full items-center gap-1">
          {place > 0 && <span className="text-xs text-muted">or</span>}
          <ScopeChip value={scope} />
        </span>
      ))}
    </span>
  )
}
