import { Fragment, useId, useState, type ReactNode } from 'react'
import type { Api, Route, Scope } from '../api/types'
import { classes } from '../ui/classes'
import { CopyIcon } from '../ui/copy'
import { COVERING, DisclosureSign } from '../ui/disclosure'
import { useWide } from '../ui/media'
import { ColumnHead, TABLE_HEAD, TABLE_ROW } from '../ui/table'
import { ScopeChip } from './chip'
import { apiNameOf, holderWords, OfferBadge } from './holders'
import { RouteList } from './routes'

interface ScopeTableProps {
  scopes: readonly Scope[]
  apis: readonly Api[]
}

/** Lists scopes; a press on one shows the routes it opens. */
export function ScopeTable(props: ScopeTableProps) {
  return useWide() ? <WideTable {...props} /> : <Cards {...props} />
}

function namesOf(apis: readonly Api[]): ReadonlyMap<string, string> {
  return new Map(apis.map((api) => [api.id, api.name]))
}

function WideTable({ scopes, apis }: ScopeTableProps) {
  const names = namesOf(apis)
  return (
    <div className="overflow-hidden rounded-card border border-line bg-surface">
      <table className="w-full table-fixed text-left">
        <caption className="sr-only">Scopes</caption>
        <thead className={TABLE_HEAD}>
          <tr>
            <ColumnHead className="pl-11">Scope</ColumnHead>
            <ColumnHead className="w-[20%]">API</ColumnHead>
            <ColumnHead className="w-52">Who may hold it</ColumnHead>
            <ColumnHead className="w-40">For you</ColumnHead>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {scopes.map((scope) => (
            <Row key={scope.value} scope={scope} apiName={apiNameOf(scope, names)} apis={apis} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  scope: Scope
  apiName: string
  apis: readonly Api[]
}

function Row({ scope, apiName, apis }: RowProps) {
  const [open, setOpen] = useState(false)
  const id = useId()
  return (
    <Fragment>
      <tr className={TABLE_ROW}>
        <td className="py-2 pr-3 pl-4">
          <Opener scope={scope} open={open} controls={id} onToggle={() => setOpen(!open)} />
        </td>
        <td className="px-3 text-muted">{apiName}</td>
        <td className="px-3 text-muted">{holderWords(scope)}</td>
        <td className="px-3">
          <OfferBadge scope={scope} />
        </td>
      </tr>
      {open && (
        <tr id={id} className="bg-bg">
          <td colSpan={4} className="py-1 pr-4 pl-11">
            <Opens scope={scope} apis={apis} />
          </td>
        </tr>
      )}
    </Fragment>
  )
}

interface OpenerProps {
  scope: Scope
  open: boolean
  controls: string
  onToggle: () => void
}

function Opener({ scope, open, controls, onToggle }: OpenerProps) {
  return (
    <div className="flex min-w-0 items-start gap-3">
      <DisclosureSign open={open} className="mt-1" />
      <div className="min-w-0">
        <button
          type="button"
          aria-expanded={open}
          aria-controls={open ? controls : undefined}
          onClick={onToggle}
          className={classes('min-h-6 text-left leading-6 font-medium break-words', COVERING)}
        >
          {scope.description}
        </button>
        <span className="flex min-w-0 items-center gap-0.5">
          <ScopeChip value={scope.value} struck={scope.retired} />
          <span className="relative inline-flex">
            <CopyIcon small text={scope.value} what={`scope ${scope.value}`} />
          </span>
        </span>
      </div>
    </div>
  )
}

/** The routes that a scope opens. */
function Opens({ scope, apis }: { scope: Scope; apis: readonly Api[] }) {
  const routes = apis
    .filter((api) => !api.retired)
    .flatMap((api) => api.routes.map((route) => ({ api, route })))
    .filter(({ route }) => route.scopes.includes(scope.value))
  if (scope.retired) return <Nothing>It is retired and opens nothing. Credentials keep it without effect.</Nothing>
  if (routes.length === 0) return <Nothing>{withoutRoutes(scope)}</Nothing>
  return <RouteList label={`Routes of ${scope.value}`} routes={alone(routes, scope)} showApi />
}

/** The routes with the scope asked about before its alternatives. */
function alone(routes: readonly { api: Api; route: Route }[], scope: Scope) {
  return routes.map(({ api, route }) => ({
    api,
    route: { ...route, scopes: [scope.value, ...route.scopes.filter((other) => other !== scope.value)] },
  }))
}

function withoutRoutes(scope: Scope): ReactNode {
  if (scope.api !== 'claviger') return 'No route names it. Its API checks it by itself.'
  return (
    <>
      It opens a part of Claviger’s own management API:{' '}
      <a href="/api/v1/docs" className="rounded-sm text-accent-text underline underline-offset-2">
        API reference
      </a>
      .
    </>
  )
}

function Nothing({ children }: { children: ReactNode }) {
  return <p className="py-2.5 text-muted">{children}</p>
}

function Cards({ scopes, apis }: ScopeTableProps) {
  const names = namesOf(apis)
  return (
    <ul aria-label="Scopes" className="divide-y divide-line rounded-card border border-line bg-surface">
      {scopes.map((scope) => (
        <ScopeCard key={scope.value} scope={scope} apiName={apiNameOf(scope, names)} apis={apis} />
      ))}
    </ul>
  )
}

function ScopeCard({ scope, apiName, apis }: RowProps) {
  const [open, setOpen] = useState(false)
  const id = useId()
  return (
    <li>
      <div className="relative px-4 py-3">
        <Opener scope={scope} open={open} controls={id} onToggle={() => setOpen(!open)} />
        <div className="mt-1.5 flex flex-wrap items-center justify-between gap-x-3 gap-y-1.5 pl-7">
          <span className="min-w-0 text-sm text-muted">
            {apiName} · {holderWords(scope)}
          </span>
          <OfferBadge scope={scope} />
        </div>
      </div>
      {open && (
        <div id={id} className="border-t border-line bg-bg px-4 py-1">
          <Opens scope={scope} apis={apis} />
        </div>
      )}
    </li>
  )
}
