import { Link } from 'wouter'
import { Problem } from '../api/problem'
import { usePaths } from '../session/paths'
import { Notice } from '../ui/notice'

interface FormProblemProps {
  error: unknown
  /** What to say; nothing is shown without it. */
  message: string | undefined
  /** A credential the message speaks of. */
  clientID?: string
}

/** A refusal as a whole, above a form or in a dialog, with the way out where there is one. */
export function FormProblem({ error, message, clientID }: FormProblemProps) {
  const paths = usePaths()
  if (!message) return null
  const problem = error instanceof Problem ? error : undefined
  return (
    <Notice kind="bad">
      {message}
      {clientID && (
        <>
          {' '}
          <Link href={paths.credential(clientID)} className="font-medium underline underline-offset-2">
            Open it
          </Link>
        </>
      )}
      {problem && problem.status >= 500 && problem.requestID && (
        <span className="mt-1 block text-muted">
          Request ID: <code className="font-mono text-xs">{problem.requestID}</code>
        </span>
      )}
    </Notice>
  )
}
