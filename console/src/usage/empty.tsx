import { Activity } from 'lucide-react'
import type { Credential } from '../api/types'
import { FirstCall } from '../credential/empty'
import { hasSecrets } from '../credential/secret'
import { Button } from '../ui/button'
import { Ago } from '../ui/time'
import type { UsageView } from './view'
import { RANGE_WORDS } from './words'

/** What stands in place of the charts of a credential that was never used: its first call. */
export function NoCalls({ credential }: { credential: Credential }) {
  return (
    <section className="rounded-card border border-line bg-surface px-6 py-8 sm:px-10 sm:py-10" aria-labelledby="no-calls">
      <span className="flex size-11 items-center justify-center rounded-card bg-accent-soft text-accent-text">
        <Activity className="size-5" aria-hidden="true" />
      </span>
      <h2 id="no-calls" className="mt-4 text-lg font-semibold">
        No program has used it yet
      </h2>
      <p className="mt-1 max-w-prose text-muted">
        The first call shows here within a minute.
        {hasSecrets(credential) && ' It takes the client secret, which was shown when it was made.'}
      </p>
      {hasSecrets(credential) && (
        <div className="mt-6">
          <FirstCall clientID={credential.client_id} />
        </div>
      )}
    </section>
  )
}

interface NoneInRangeProps {
  credential: Credential
  view: UsageView
  setView: (view: UsageView) => void
}

/** What stands in place of the bars when there is nothing in the range, but there was before. */
export function NoneInRange({ credential, view, setView }: NoneInRangeProps) {
  return (
    <div className="flex flex-col items-start gap-3 py-4">
      <p className="text-muted">
        Nothing in the last {RANGE_WORDS[view.range]}.{' '}
        {credential.last_used_at && (
          <>
            It was last used <Ago time={credential.last_used_at} />.
          </>
        )}
      </p>
      {view.range !== '400d' && (
        <Button onClick={() => setView({ range: '400d', unit: 'day', outcome: '', scope: '' })}>Show 400 days</Button>
      )}
    </div>
  )
}
