import type { ReactNode } from 'react'
import type { Credential } from '../api/types'
import { secretName } from '../credential/secret'
import { Ago } from '../ui/time'
import { DOTS } from './chart'
import type { Count } from './count'
import { kindOf, KINDS, type Kind } from './view'
import { KIND_WORDS, number } from './words'

interface TotalsProps {
  credential: Credential
  /** Of the whole range; undefined while they are being read. */
  counts: readonly Count[] | undefined
}

/** The range in three numbers, and the last use, whichever range is shown. */
export function Totals({ credential, counts }: TotalsProps) {
  const total = (kind: Kind) =>
    (counts ?? []).reduce((sum, { outcome, calls }) => sum + (kindOf(outcome) === kind ? calls : 0), 0)
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-card border border-line bg-line lg:grid-cols-4">
      {KINDS.map((kind) => (
        <Tile key={kind} name={KIND_WORDS[kind]} dot={DOTS[kind]}>
          <span className="text-xl font-semibold tabular-nums">{counts ? number(total(kind)) : '…'}</span>
        </Tile>
      ))}
      <Tile name="Last used">
        <LastUse credential={credential} />
      </Tile>
    </dl>
  )
}

function Tile({ name, dot, children }: { name: string; dot?: string; children: ReactNode }) {
  return (
    <div className="bg-surface px-4 py-3">
      <dt className="flex items-center gap-2 text-sm text-muted">
        {dot && <span aria-hidden="true" className={`size-2 rounded-full ${dot}`} />}
        {name}
      </dt>
      <dd className="mt-0.5">{children}</dd>
    </div>
  )
}

function LastUse({ credential }: { credential: Credential }) {
  if (!credential.last_used_at) return <span className="text-xl font-semibold">Never</span>
  // A use by a token is the credential's alone; one by a secret is that secret's, too.
  const secret = credential.secrets.find(({ last_used_at }) => last_used_at === credential.last_used_at)
  return (
    <>
      <span className="text-lg font-semibold">
        <Ago time={credential.last_used_at} />
      </span>
      <span className="block text-sm break-words text-muted">
        {credential.last_used_address && `from ${credential.last_used_address}`}
        {secret && `, with the secret ${secretName(secret)}`}
      </span>
    </>
  )
}
