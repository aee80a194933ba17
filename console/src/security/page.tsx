import { useQuery } from '@tanstack/react-query'
import { useSession } from '../session/session'
import { Loading } from '../ui/loading'
import { Card } from '../ui/card'
import { PageHeader } from '../ui/page'
import { PasswordCard } from './password'
import { ownPasswordQueryOptions, sessionsQueryOptions } from './queries'
import { SessionsCard } from './sessions'

/** The page Security: a person's own password and sessions, whatever their role. */
export default function SecurityPage() {
  const { me, api } = useSession()
  const password = useQuery(ownPasswordQueryOptions(api))
  const sessions = useQuery(sessionsQueryOptions(api))
  return (
    <>
      <PageHeader title="Security">
        How you, <span className="break-words text-fg">{me.email}</span>, sign in. It is the same in every account you
        belong to.
      </PageHeader>
      <div className="grid max-w-3xl grid-cols-1 gap-5">
        {password.data ? (
          <PasswordCard password={password.data} />
        ) : (
          <Card title="Password">
            <Loading query={password} what="password’s state" />
          </Card>
        )}
        {sessions.data ? (
          <SessionsCard sessions={sessions.data.sessions} />
        ) : (
          <Card title="Sessions">
            <Loading query={sessions} what="sessions" />
          </Card>
        )}
      </div>
    </>
  )
}
