import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { Problem } from '../api/problem'
import type { Explanation } from '../api/types'
import { ScopeChip } from '../scope/chip'
import { RoutePath } from '../scope/routes'
import { usePaths } from '../session/paths'
import { useSession } from '../session/session'
import { Badge } from '../ui/badge'
import { buttonClasses } from '../ui/button'
import { CopyIcon } from '../ui/copy'
import { Loading } from '../ui/loading'
import { Notice } from '../ui/notice'
import { Ago, exactSecond } from '../ui/time'
import { addressFault } from './call-form'
import type { Question } from './question'
import { verdict, whoWords } from './words'

interface AnswerViewProps {
  answer: UseQueryResult<Explanation>
  question: Question
}

/** The rule that refused, what would allow the call, and who may do that. */
export function AnswerView({ answer, question }: AnswerViewProps) {
  if (answer.error && addressFault(answer.error)) return null
  if (answer.error instanceof Problem && answer.error.status === 404) return <NothingKnown question={question} problem={answer.error} />
  if (!answer.data) return <Loading query={answer} what="explanation" />
  return <Told explanation={answer.data} />
}

function NothingKnown({ question, problem }: { question: Question; problem: Problem }) {
  if (question.about === 'refusal') return <Notice kind="warn">{problem.message}</Notice>
  return <Notice kind="warn">There is no such API credential in this account; it may have been deleted. Choose another.</Notice>
}

function Told({ explanation }: { explanation: Explanation }) {
  const { me } = useSession()
  const { words, colour } = verdict(explanation)
  const open = explanation.rule === 'allowed'
  return (
    <section aria-labelledby="explained" className="overflow-hidden rounded-card border border-line bg-surface">
      <div className="flex flex-col items-start gap-3 p-4 sm:p-5">
        <Badge colour={colour}>{words}</Badge>
        <h2 id="explained" className="text-lg leading-6 font-semibold tracking-[-0.01em] break-words">
          {explanation.why}
        </h2>
        {!open && (
          <dl className="grid w-full gap-x-8 gap-y-3 sm:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
            <Fact name="What would allow it">{explanation.remedy}</Fact>
            <Fact name="Who may do that">{whoWords(explanation, me)}</Fact>
          </dl>
        )}
        <Ways explanation={explanation} />
      </div>
      <Facts explanation={explanation} />
    </section>
  )
}

/** Where to go from here. */
function Ways({ explanation }: { explanation: Explanation }) {
  const paths = usePaths()
  const { client_id: clientID, name, code, method, route } = explanation
  const look = buttonClasses('secondary', 'hover:bg-hover')
  const scopes = code === 'insufficient_scope' || code === 'no_route'
  if (!(clientID && name) && !scopes) return null
  return (
    <div className="flex flex-wrap gap-2">
      {clientID && name && (
        <>
          <Link href={paths.credential(clientID)} className={look}>
            Open the credential
          </Link>
          <Link href={paths.auditLog({ target: clientID })} className={look}>
            What happened to it
          </Link>
        </>
      )}
      {scopes && (
        <Link href={paths.scopes({ tab: 'scopes', search: [method, route].filter(Boolean).join(' ') })} className={look}>
          {route ? 'Scopes of this route' : 'Scopes & APIs'}
        </Link>
      )}
    </div>
  )
}

function Facts({ explanation }: { explanation: Explanation }) {
  const { at, client_id: clientID, name, owner, api, method, route, scopes, address, rule } = explanation
  return (
    <div className="border-t border-line bg-bg p-4 text-sm sm:p-5">
      <dl className="grid gap-x-8 gap-y-3.5 sm:grid-cols-2">
        {clientID && (
          <Fact name="API credential">
            {name}
            <span className="flex min-w-0 items-center gap-0.5">
              <code className="min-w-0 font-mono text-xs break-all">{clientID}</code>
              <CopyIcon small text={clientID} what="client ID" />
            </span>
          </Fact>
        )}
        {clientID && name && <Fact name="Owner">{owner ?? 'The account, or a former member'}</Fact>}
        {route && (
          <Fact name="Route">
            <RoutePath methods={method ?? ''} path={route} />
          </Fact>
        )}
        {api && <Fact name="API">{api}</Fact>}
        {scopes.length > 0 && (
          <Fact name={scopes.length === 1 ? 'Scope that opens it' : 'Scopes, any one of which opens it'}>
            <span className="flex flex-wrap gap-1">
              {scopes.map((scope) => (
                <ScopeChip key={scope} value={scope} />
              ))}
            </span>
          </Fact>
        )}
        {address && (
          <Fact name="From">
            <code className="font-mono text-xs">{address}</code>
          </Fact>
        )}
        {at && (
          <Fact name="When">
            <Ago time={at} />
            <span className="block text-muted">{exactSecond(at)}</span>
          </Fact>
        )}
        <Fact name="Rule">
          <code className="font-mono text-xs">{rule}</code>
        </Fact>
      </dl>
      {clientID && at && <p className="mt-3.5 text-muted">What this says of the credential is how it is now.</p>}
    </div>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="mt-0.5 break-words">{children}</dd>
    </div>
  )
}
