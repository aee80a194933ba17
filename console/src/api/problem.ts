import type { ProblemBody } from './types'

/** A refusal by the API (RFC 9457), or a failure to reach it (status 0). */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly requestID: string
  readonly faults: NonNullable<ProblemBody['errors']>
  /** On a replayed creation: the credential the first request made. */
  readonly clientID: string

  constructor(status: number, body: Partial<ProblemBody>) {
    super(body.detail || body.title || fallbackMessage(status))
    this.name = 'Problem'
    this.status = status
    this.code = body.code ?? ''
    this.requestID = body.request_id ?? ''
    this.faults = body.errors ?? []
    this.clientID = body.client_id ?? ''
  }
}

function fallbackMessage(status: number): string {
  if (status === 0) return 'The server could not be reached. Check your connection and try again.'
  if (status === 429) return 'Too many requests. Wait a moment and try again.'
  if (status >= 500) return 'The server could not do this. Try again in a moment.'
  return 'The server refused the request.'
}

/** Messages for a form: by field, and those that belong to no field it shows. */
export interface FormFaults {
  fields: Record<string, string>
  general: string | undefined
}

/**
 * Sorts a refusal's messages beside the fields of a form. A fault at `body.scopes[2]` belongs to the field
 * `scopes`; a fault of a field the form does not show joins the general message, so that none is lost.
 */
export function formFaults(error: unknown, shown: readonly string[]): FormFaults {
  if (!(error instanceof Problem)) {
    return { fields: {}, general: error ? 'Something went wrong in this page. Reload it and try again.' : undefined }
  }
  const fields: Record<string, string> = {}
  const rest: string[] = []
  for (const { location, message } of error.faults) {
    const field = /^body\.([a-z_]+)/.exec(location)?.[1]
    if (!field || !shown.includes(field)) rest.push(message)
    else if (!fields[field]) fields[field] = message
    else if (!fields[field].includes(message)) fields[field] += ` ${message}`
  }
  if (error.faults.length === 0) rest.push(error.message)
  return { fields, general: rest.length > 0 ? rest.join(' ') : undefined }
}
