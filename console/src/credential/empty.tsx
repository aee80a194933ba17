import { KeyRound, Plus, SearchX } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Level } from '../api/types'
import { Button } from '../ui/button'
import { Snippet } from '../ui/snippet'

/** What stands in place of a list without any credential: how to make the first call. */
export function EmptyList({ level, onCreate }: { level: Level; onCreate?: () => void }) {
  return (
    <section className="rounded-card border border-line bg-surface px-6 py-8 sm:px-10 sm:py-10" aria-labelledby="empty-title">
      <span className="flex size-11 items-center justify-center rounded-card bg-accent-soft text-accent-text">
        <KeyRound className="size-5" aria-hidden="true" />
      </span>
      <h2 id="empty-title" className="mt-4 text-lg font-semibold">
        {level === 'account' ? 'No account-level credentials' : 'Make your first call'}
      </h2>
      <p className="mt-1 max-w-prose text-muted">
        {level === 'account'
          ? 'An account-level credential belongs to the account and outlives the people who work with it.'
          : 'It takes a credential, a token and a request.'}
      </p>
      <div className="mt-6">
        <FirstCall />
      </div>
      {onCreate && (
        <Button look="primary" className="mt-7" icon={<Plus className="size-4" aria-hidden="true" />} onClick={onCreate}>
          Create New
        </Button>
      )}
    </section>
  )
}

/** The three steps from nothing to an answer of an API; the first is done where there is a credential. */
export function FirstCall({ clientID }: { clientID?: string }) {
  return (
    <ol className="grid max-w-3xl grid-cols-1 gap-6">
      {!clientID && (
        <Step number={1} title="Create a credential">
          <p className="text-muted">
            Give it a name and the scopes it needs. Copy its client ID and client secret; the secret is shown once.
          </p>
        </Step>
      )}
      <Step number={clientID ? 1 : 2} title="Get a token">
        <Snippet
          what="token request"
          text={[
            `curl ${window.location.origin}/oauth2/token \\`,
            `  -u '${clientID ?? 'CLIENT_ID'}:CLIENT_SECRET' \\`,
            '  -d grant_type=client_credentials',
          ].join('\n')}
        />
      </Step>
      <Step number={clientID ? 2 : 3} title="Call the API">
        <Snippet what="API request" text={"curl https://API_HOST/PATH \\\n  -H 'Authorization: Bearer ACCESS_TOKEN'"} />
      </Step>
    </ol>
  )
}

function Step({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  return (
    <li className="flex gap-3">
      <span
        aria-hidden="true"
        className="flex size-6 shrink-0 items-center justify-center rounded-full bg-sunken text-xs font-semibold text-muted"
      >
        {number}
      </span>
      <div className="min-w-0 flex-1">
        <h3 className="mb-1.5 leading-6 font-medium">{title}</h3>
        {children}
      </div>
    </li>
  )
}

/** What stands in place of a list that the filter left empty. */
export function NothingFound({ onClear }: { onClear: () => void }) {
  return (
    <section className="flex flex-col items-center rounded-card border border-line bg-surface px-6 py-14 text-center">
      <SearchX className="size-6 text-muted" aria-hidden="true" />
      <h2 className="mt-3 font-semibold">No API credential matches</h2>
      <p className="mt-1 text-muted">Search looks at the beginning of words in names, client IDs and owners.</p>
      <Button className="mt-4" onClick={onClear}>
        Clear search and filters
      </Button>
    </section>
  )
}
