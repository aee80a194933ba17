import { ChevronLeft } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { CREDENTIALS_PATH, usePaths } from '../session/paths'

/** The list as it was when the person left it, if they came from it. */
export function useBackPath(): string {
  const paths = usePaths()
  const list = useListState()
  return list === undefined ? paths.credentials() : CREDENTIALS_PATH + list
}

/** The list's query that the page was gone to from; handed on between the pages of a credential. */
export function useListState(): string | undefined {
  const state = window.history.state as { list?: unknown } | null
  return typeof state?.list === 'string' ? state.list : undefined
}

const BACK =
  'mb-3 -ml-1 inline-flex min-h-6 max-w-full items-center gap-1 rounded-control pr-1 text-sm text-muted hover:text-fg pointer-coarse:min-h-11'

/** The way up: to the credential when one is named, else to the list. */
export function BackLink({ clientID, children }: { clientID?: string; children: ReactNode }) {
  const paths = usePaths()
  const back = useBackPath()
  const list = useListState()
  return (
    <Link href={clientID ? paths.credential(clientID) : back} state={list === undefined ? undefined : { list }} className={BACK}>
      <ChevronLeft className="size-4 shrink-0" aria-hidden="true" />
      <span className="min-w-0 truncate">{children}</span>
    </Link>
  )
}
