import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { usePaths } from '../session/paths'
import { useSession } from '../session/session'
import { NO_CALL, type Call } from './question'
import { mayExplain } from './right'

/** The way to Why was I refused?, for those who may ask; with what is known of the call. */
export function ExplainLink({ call, children }: { call?: Partial<Call>; children: ReactNode }) {
  const { me } = useSession()
  const paths = usePaths()
  if (!mayExplain(me)) return null
  return (
    <Link
      href={paths.explain(call && { about: 'call', ...NO_CALL, ...call })}
      className="rounded-sm text-accent-text underline underline-offset-2"
    >
      {children}
    </Link>
  )
}
