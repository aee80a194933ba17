export const PAGE_SIZE = 50

/** What the audit log shows. All of it lives in the URL, so that a view can be kept, shared and gone back to. */
export interface AuditFilter {
  /** E-mail address, user ID or client ID; or "operator", "system". */
  actor: string
  action: string
  /** ID of what was acted on. */
  target: string
  /** First and last day, as 2026-11-30 in the reader's time zone. */
  from: string
  to: string
  pageToken: string
}

export const DEFAULT_FILTER: AuditFilter = { actor: '', action: '', target: '', from: '', to: '', pageToken: '' }

/** Reads a filter from a query string; what it does not understand counts as not said. */
export function parseFilter(query: string): AuditFilter {
  const params = new URLSearchParams(query)
  return {
    actor: params.get('actor') ?? '',
    action: params.get('action') ?? '',
    target: params.get('target') ?? '',
    from: day(params.get('from')),
    to: day(params.get('to')),
    pageToken: params.get('page_token') ?? '',
  }
}

function day(text: string | null): string {
  return text && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(startOf(text).getTime()) ? text : ''
}

/** Writes a filter as query parameters, leaving out what is usual. */
export function formatFilter(filter: Partial<AuditFilter>): URLSearchParams {
  const params = new URLSearchParams()
  for (const name of ['actor', 'action', 'target', 'from', 'to'] as const) {
    const value = filter[name]
    if (value) params.set(name, value)
  }
  if (filter.pageToken) params.set('page_token', filter.pageToken)
  return params
}

/** Whether the filter hides events. */
export function isNarrowed(filter: AuditFilter): boolean {
  return formatFilter({ ...filter, pageToken: '' }).size > 0
}

/** The query of the REST list that answers the filter: days are whole, the last one too. */
export function eventsQuery(filter: AuditFilter): string {
  const params = formatFilter({ actor: filter.actor, action: filter.action, target: filter.target })
  if (filter.from) params.set('from', startOf(filter.from).toISOString())
  if (filter.to) params.set('to', startOf(filter.to, 1).toISOString())
  params.set('page_size', String(PAGE_SIZE))
  if (filter.pageToken) params.set('page_token', filter.pageToken)
  return params.toString()
}

/** The midnight at which a day begins where the reader is, or some days later. */
function startOf(text: string, later = 0): Date {
  const [year = 0, month = 0, date = 0] = text.split('-').map(Number)
  return new Date(year, month - 1, date + later)
}
