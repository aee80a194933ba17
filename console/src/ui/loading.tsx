import { Problem } from '../api/problem'
import { Button } from './button'
import { Notice } from './notice'

interface LoadingProps {
  query: { error: unknown; refetch: () => unknown; isFetching: boolean }
  what: string
}

/** Stands where something is still being read, or could not be. */
export function Loading({ query, what }: LoadingProps) {
  if (!query.error) {
    return (
      <div role="status" className="flex flex-col gap-2 py-1">
        <span className="sr-only">Loading {what}…</span>
        <Bar className="w-2/5" />
        <Bar className="w-full" />
      </div>
    )
  }
  const problem = query.error instanceof Problem ? query.error : undefined
  return (
    <Notice kind="bad">
      <p>{problem?.message ?? `The ${what} could not be read.`}</p>
      {problem?.requestID && (
        <p className="mt-1 text-muted">
          Request ID: <code className="font-mono text-xs">{problem.requestID}</code>
        </p>
      )}
      <Button className="mt-2" busy={query.isFetching} onClick={() => query.refetch()}>
        Try again
      </Button>
    </Notice>
  )
}

/** A grey bar where text will be. */
export function Bar({ className = '' }: { className?: string }) {
  return <span aria-hidden="true" className={`block h-4 animate-pulse-soft rounded bg-hover ${className}`} />
}
