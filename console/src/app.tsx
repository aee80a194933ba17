import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState } from 'react'
import { Link, Redirect, Route, Switch, useSearch } from 'wouter'
import { accountQueryOptions } from './account/queries'
import type { Account } from './api/types'
import { CredentialListPage } from './credential/list'
import { isAbsent } from './credential/actions'
import { mayExplain } from './explanation/right'
import { ACCOUNT_PATH, AUDIT_LOG_PATH, CATALOGUE_PATH, CREDENTIALS_PATH, EXPLANATION_PATH, SCOPES_PATH, SECURITY_PATH, USERS_PATH, usePaths } from './session/paths'
import { CATALOGUE_WRITE } from './scope/right'
import { useReauthentication } from './session/reauthentication'
import { loadSession, SessionProvider, useSession } from './session/session'
import { Shell } from './shell/shell'
import { LeavingGuard } from './ui/leaving'
import { Bar, Loading } from './ui/loading'
import { PageHeader } from './ui/page'

const HelpDialog = lazy(() => import('./help/dialog'))
const CredentialPage = lazy(() => import('./credential/detail'))
const UsagePage = lazy(() => import('./usage/page'))
const RotatePage = lazy(() => import('./credential/rotation'))
const CataloguePage = lazy(() => import('./catalogue/page'))
const ScopesPage = lazy(() => import('./scope/list'))
const AuditLogPage = lazy(() => import('./audit-event/list'))
const UserListPage = lazy(() => import('./user/list'))
const AccountPage = lazy(() => import('./account/page'))
const ExplanationPage = lazy(() => import('./explanation/page'))
const SecurityPage = lazy(() => import('./security/page'))

/** The whole console: finds out who is signed in, then shows the page that the URL names. */
export function App() {
  const wanted = new URLSearchParams(useSearch()).get('account') ?? undefined
  const { confirm, dialog } = useReauthentication()
  const session = useQuery({
    queryKey: ['session', wanted],
    queryFn: ({ signal }) => loadSession(wanted, confirm, signal),
    staleTime: Infinity,
  })
  if (!session.data) {
    return (
      <main className="mx-auto max-w-md px-4 py-24">
        <Loading query={session} what="console" />
      </main>
    )
  }
  return (
    <SessionProvider value={session.data}>
      <LeavingGuard>
        <Area key={session.data.me.account_id} />
      </LeavingGuard>
      {dialog}
    </SessionProvider>
  )
}

/**
 * The pages within an account. The API Credentials area is shown to admins and supervisors where the account
 * has it (rule R1); for anyone else there is neither menu entry nor page.
 */
function Area() {
  const { me, api, astray } = useSession()
  const allowed = me.role !== 'agent'
  const account = useQuery({ ...accountQueryOptions(api), enabled: allowed })
  // Not fetched before it is wanted.
  const [help, setHelp] = useState<boolean>()
  const shown = allowed && !isAbsent(account.error) && account.data?.api_credentials_enabled !== false
  const openHelp = () => setHelp(true)
  useStartAtTop()
  return (
    <Shell credentialsShown={shown} onHelp={openHelp}>
      <Suspense fallback={<Bar className="w-1/3" />}>
        <Switch>
          {astray && (
            <Route>
              <Astray />
            </Route>
          )}
          <Route path={SECURITY_PATH} component={SecurityPage} />
          {me.role !== 'agent' && <Route path={ACCOUNT_PATH} component={AccountPage} />}
          {/* Beside the area: an account without it has these, too. */}
          <Route path={SCOPES_PATH} component={ScopesPage} />
          {me.scopes.includes(CATALOGUE_WRITE) && <Route path={CATALOGUE_PATH} component={CataloguePage} />}
          {me.role === 'admin' && <Route path={AUDIT_LOG_PATH} component={AuditLogPage} />}
          {mayExplain(me) && <Route path={EXPLANATION_PATH} component={ExplanationPage} />}
          {me.role === 'admin' && <Route path={USERS_PATH} component={UserListPage} />}
          <Route>
            {!shown ? (
              <WithoutCredentials />
            ) : account.data ? (
              <Credentials account={account.data} onHelp={openHelp} />
            ) : (
              <Loading query={account} what="account" />
            )}
          </Route>
        </Switch>
      </Suspense>
      {help !== undefined && (
        <Suspense>
          <HelpDialog open={help} onClose={() => setHelp(false)} />
        </Suspense>
      )}
    </Shell>
  )
}

/** The API Credentials area. */
function Credentials({ account, onHelp }: { account: Account; onHelp: () => void }) {
  const home = usePaths().credentials()
  const notFound = <NotFound home={home} name="API Credentials" />
  return (
    <Switch>
      <Route path="/">
        <Redirect to={home} replace />
      </Route>
      <Route path={CREDENTIALS_PATH}>
        <CredentialListPage account={account} onHelp={onHelp} />
      </Route>
      <Route path={`${CREDENTIALS_PATH}/:clientID`}>
        {({ clientID }) => <CredentialPage key={clientID} clientID={clientID} absent={notFound} />}
      </Route>
      <Route path={`${CREDENTIALS_PATH}/:clientID/usage`}>
        {({ clientID }) => <UsagePage key={clientID} clientID={clientID} absent={notFound} />}
      </Route>
      <Route path={`${CREDENTIALS_PATH}/:clientID/rotate`}>
        {({ clientID }) => <RotatePage key={clientID} clientID={clientID} account={account} absent={notFound} />}
      </Route>
      <Route>{notFound}</Route>
    </Switch>
  )
}

/** A link into an account that the person does not belong to: as if there were none. */
function Astray() {
  return <NotFound home="/" name="your own account" />
}

/** Where there is no such area, one begins at what everybody may read. */
function WithoutCredentials() {
  const home = usePaths().scopes()
  return (
    <Switch>
      <Route path="/">
        <Redirect to={home} replace />
      </Route>
      <Route>
        <NotFound home={home} name="Scopes & APIs" />
      </Route>
    </Switch>
  )
}

/** A page gone to by a link starts at its top; going back is left to the browser, which knows where one was. */
function useStartAtTop() {
  useEffect(() => {
    let last = window.location.pathname
    const gone = () => {
      if (window.location.pathname !== last) window.scrollTo(0, 0)
      last = window.location.pathname
    }
    const back = () => {
      last = window.location.pathname
    }
    // wouter announces its own steps under the names of the history methods.
    const steps = ['pushState', 'replaceState']
    steps.forEach((step) => window.addEventListener(step, gone))
    window.addEventListener('popstate', back)
    return () => {
      steps.forEach((step) => window.removeEventListener(step, gone))
      window.removeEventListener('popstate', back)
    }
  }, [])
}

function NotFound({ home, name }: { home: string; name: string }) {
  return (
    <PageHeader title="Not found">
      There is nothing here, or nothing you may see.{' '}
      <Link href={home} className="rounded-sm text-accent-text underline underline-offset-2">
        Go to {name}
      </Link>
    </PageHeader>
  )
}
