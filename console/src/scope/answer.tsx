import type { Scope } from '../api/types'
import { ExplainLink } from '../explanation/link'
import { mayExplain } from '../explanation/right'
import { useSession } from '../session/session'
import { Card } from '../ui/card'
import { Notice } from '../ui/notice'
import type { ScopesAndApis } from './catalogue'
import { ScopeChip } from './chip'
import { holderWords, OfferBadge } from './holders'
import { answersTo, type Answer, type Question } from './route'
import { RouteList, RoutePath } from './routes'

/** Says which scopes open a request, as enforcement would decide. */
export function AnswerView({ question, catalogue }: { question: Question; catalogue: ScopesAndApis }) {
  const { me } = useSession()
  const answers = answersTo(question, catalogue.apis)
  const scopes = new Map(catalogue.scopes.map((scope) => [scope.value, scope]))
  return (
    <div className="flex flex-col gap-4">
      <p role="status" className="text-muted">
        {summary(question, answers)}
      </p>
      {answers.map((answer) => (
        <AnswerCard key={`${answer.api.id} ${answer.methods.join()} ${answer.route.path}`} answer={answer} scopes={scopes} />
      ))}
      {mayExplain(me) && (
        <p className="text-sm text-muted">
          <ExplainLink call={{ method: question.method || 'GET', url: question.host ? `https://${question.host}${question.path}` : question.path }}>
            Would a credential’s call pass?
          </ExplainLink>
        </p>
      )}
      {answers.length === 0 && <NearRoutes question={question} catalogue={catalogue} />}
    </div>
  )
}

function summary(question: Question, answers: readonly Answer[]): string {
  const what = [question.method, question.path].filter(Boolean).join(' ')
  if (answers.length === 0) return `No route takes ${what}. Enforcement lets through only what a route names.`
  const routes = answers.length === 1 ? 'One route takes' : `${answers.length} routes take`
  return `${routes} ${what}.`
}

function AnswerCard({ answer, scopes }: { answer: Answer; scopes: ReadonlyMap<string, Scope> }) {
  const { api, route } = answer
  const held = route.scopes.map((value) => scopes.get(value)).filter((scope) => scope !== undefined)
  const offered = held.some((scope) => scope.on_offer)
  return (
    <Card title={route.scopes.length === 1 ? 'You need this scope' : 'You need any one of these scopes'}>
      <ul className="divide-y divide-line border-y border-line">
        {held.map((scope) => (
          <li key={scope.value} className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1.5 py-2.5">
            <span className="min-w-0 flex-[1_1_16rem]">
              <span className="block">{scope.description}</span>
              <span className="block text-sm text-muted">{holderWords(scope)}</span>
            </span>
            <span className="flex min-w-0 flex-wrap items-center gap-2">
              <ScopeChip value={scope.value} struck={scope.retired} />
              <OfferBadge scope={scope} />
            </span>
          </li>
        ))}
      </ul>
      {!offered && (
        <Notice kind="info" className="mt-4">
          {held.length === 1 ? 'It is' : 'They are'} not on offer to you. Somebody whose role allows{' '}
          {held.length === 1 ? 'it' : 'one of them'} can create the credential.
        </Notice>
      )}
      <div className="mt-4 text-sm text-muted">
        <p className="flex flex-wrap items-center gap-x-2">
          The route is
          <RoutePath methods={answer.methods.join(', ')} path={api.base_path + route.path} />
          of the {api.name}.
        </p>
        {answer.withoutBase && (
          <p className="mt-1">
            Its path begins with <code className="font-mono text-xs text-fg">{api.base_path}</code> here.
          </p>
        )}
        {api.hosts.length > 0 && <p className="mt-1">It answers on {api.hosts.join(', ')} only.</p>}
      </div>
    </Card>
  )
}

const NEAR = 8

/** Routes with a word of the path asked about, for a slip in it. */
function NearRoutes({ question, catalogue }: { question: Question; catalogue: ScopesAndApis }) {
  const words = question.path.toLowerCase().split(/[/{}]+/).filter((word) => word.length > 2)
  const near = catalogue.apis
    .filter((api) => !api.retired)
    .flatMap((api) => api.routes.map((route) => ({ api, route })))
    .filter(({ api, route }) => words.some((word) => `${api.base_path}${route.path}`.toLowerCase().includes(word)))
    .slice(0, NEAR)
  if (near.length === 0) return null
  return (
    <Card title="Routes that look like it">
      <RouteList label="Routes that look like it" routes={near} showApi />
    </Card>
  )
}
