import type { Secret } from '../api/types'

/** Which secret it is: its label and its last characters, in the letters that tell an "l" from an "I". */
export function SecretTag({ secret }: { secret: Secret }) {
  return (
    <>
      {secret.label && <span className="mr-2 font-medium">{secret.label}</span>}
      <code className="font-mono text-sm whitespace-nowrap">
        <span aria-hidden="true" className="text-muted">
          ••••
        </span>
        <span className="sr-only">ends in </span>
        {secret.hint}
      </code>
    </>
  )
}
