import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import { usePaths } from '../session/paths'
import { useSession } from '../session/session'
import { PageHeader } from '../ui/page'
import { Snippet } from '../ui/snippet'
import { Tab, TabBar } from '../ui/tabs'
import { AnswerView } from './answer'
import { CallForm } from './call-form'
import { explanationQueryOptions } from './queries'
import { explanationQuery, formatQuestion, NO_CALL, parseQuestion, type Question } from './question'
import { RefusalForm } from './refusal-form'

const NO_REFUSAL: Question = { about: 'refusal', requestID: '', jti: '' }

/** The page Why was I refused?, for admins: the rule that refused a program, and the way out. */
export default function ExplanationPage() {
  const { api } = useSession()
  const question = parseQuestion(useSearch())
  const query = explanationQuery(question)
  const answer = useQuery(explanationQueryOptions(api, query))
  const paths = usePaths()
  const [, go] = useLocation()
  // Another question is another form, with what the URL says of it.
  const key = formatQuestion(question).toString()
  // What was answered before is not the answer to a question that is none.
  const [hidden, setHidden] = useState<string>()
  const hide = () => setHidden(key)
  const ask = (next: Question) => {
    setHidden(undefined)
    if (explanationQuery(next) === query) void answer.refetch()
    else go(paths.explain(next))
  }
  return (
    <>
      <PageHeader title="Why was I refused?">
        Which rule refused a program, what would allow the call, and who may do that.
      </PageHeader>
      <TabBar
        label="What to ask about"
        value={question.about}
        onChoose={(about) => go(paths.explain(about === 'call' ? { about, ...NO_CALL } : NO_REFUSAL), { replace: true })}
      >
        <Tab value="refusal">A refused call</Tab>
        <Tab value="call">A call to try</Tab>
      </TabBar>
      <div className="flex max-w-3xl flex-col gap-6">
        {question.about === 'refusal' ? (
          <RefusalForm key={key} asked={question.requestID || question.jti} busy={answer.isFetching} ask={ask} onFault={hide} />
        ) : (
          <CallForm key={key} asked={question} busy={answer.isFetching} ask={ask} onFault={hide} error={answer.error} />
        )}
        {query === undefined && question.about === 'refusal' && <WhereItIs />}
        <div aria-live="polite" className="empty:hidden">
          {query !== undefined && hidden !== key && <AnswerView answer={answer} question={question} />}
        </div>
      </div>
    </>
  )
}

function WhereItIs() {
  return (
    <section aria-labelledby="where-it-is" className="rounded-card border border-line bg-surface p-4 sm:p-5">
      <h2 id="where-it-is" className="font-semibold">
        Where the request ID is
      </h2>
      <p className="mt-1 mb-3 text-muted">
        Every answer that refuses a program has one, in its header and in its body. It goes on behind a dot with why it was
        refused, sealed: only this server reads it, for admins of the account.
      </p>
      <Snippet
        what="refused answer"
        text={[
          'HTTP/1.1 403 Forbidden',
          'WWW-Authenticate: Bearer error="insufficient_scope", scope="users:write"',
          'Claviger-Request-Id: 01k6sc8vqe9v7n4h2m5x3a1btd.mFzAwX…',
        ].join('\n')}
      />
    </section>
  )
}
