import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { Redirect, Route, Switch, useSearch } from 'wouter'
import { CredentialListPage } from './credential/list'
import { accountQueryOptions } from './credential/queries'
import { isAbsent } from './credential/actions'
import { HelpDialog } from './help/dialog'
import { CREDENTIALS_PATH, USERS_PATH, usePaths } from './session/paths'
import { loadSession, SessionProvider, useSession } from './session/session'
import { Shell } from './shell/shell'
import { Bar, Loading } from './ui/loading'
import { PageHeader } from './ui/page'

const CredentialPage = lazy(() => import('./credential/detail'))
const UserListPage = lazy(() => import('./user/list'))

/** The whole console: finds out who is signed in, then shows the page that the URL names. */
export function App() {
  const wanted = new URLSearchParams(useSearch()).get('account') ?? undefined
  const session = useQuery({
    queryKey: ['session', wanted],
    queryFn: ({ signal }) => loadSession(wanted, signal),
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
      <Area key={session.data.me.account_id} />
    </SessionProvider>
  )
}

/**
 * The pages within an account. The API Credentials area is shown to admins and supervisors where the account
 * has it (rule R1); for anyone else there is neither menu entry nor page.
 */
function Area() {
  const { me, api } = useSession()
  const allowed = me.role !== 'agent'
  const account = useQuery({ ...accountQueryOptions(api), enabled: allowed })
  const [help, setHelp] = useState(false)
  const shown = allowed && !isAbsent(account.error) && account.data?.api_credentials_enabled !== false
  const openHelp = () => setHelp(true)
  useStartAtTop()
  // Beside the area: an account without it has people, too.
  const users = me.role === 'admin' && (
    <Route path={USERS_PATH}>
      <Suspense fallback={<Bar className="w-1/3" />}>
        <UserListPage />
      </Suspense>
    </Route>
  )
  return (
    <Shell credentialsShown={shown} onHelp={openHelp}>
      {!shown ? (
        <Switch>
          <Route path="/">
            <NothingForYou />
          </Route>
          {users}
          <Route>
            <NotFound />
          </Route>
        </Switch>
      ) : account.data ? (
        <Switch>
          <Route path="/">
            <ToCredentials />
          </Route>
          {users}
          <Route path={CREDENTIALS_PATH}>
            <CredentialListPage account={account.data} onHelp={openHelp} />
          </Route>
          <Route path={`${CREDENTIALS_PATH}/:clientID`}>
            {({ clientID }) => (
              <Suspense fallback={<Bar className="w-1/3" />}>
                <CredentialPage key={clientID} clientID={clientID} absent={<NotFound back />} />
              </Suspense>
            )}
          </Route>
          <Route>
            <NotFound back />
          </Route>
        </Switch>
      ) : (
        <Loading query={account} what="account" />
      )}
      <HelpDialog open={help} onClose={() => setHelp(false)} />
    </Shell>
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

function ToCredentials() {
  return <Redirect to={usePaths().credentials()} replace />
}

/** Where somebody arrives for whom the account has no page: a fresh sign-in must not read as a fault. */
function NothingForYou() {
  const { me } = useSession()
  const account = me.accounts.find((one) => one.account_id === me.account_id)?.name ?? 'this account'
  return (
    <PageHeader title="You are signed in">
      There is nothing here for the role {me.role} in {account}. If you miss something, ask an admin of the account.
    </PageHeader>
  )
}

function NotFound({ back = false }: { back?: boolean }): ReactNode {
  const paths = usePaths()
  return (
    <PageHeader title="Not found">
      There is nothing here, or nothing you may see.
      {back && (
        <>
          {' '}
          <a href={paths.credentials()} className="rounded-sm text-accent-text underline underline-offset-2">
            Go to API Credentials
          </a>
        </>
      )}
    </PageHeader>
  )
}
