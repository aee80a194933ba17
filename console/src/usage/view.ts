/** How far back, up to what is kept: hours 14 days, days 400. */
export const RANGES = ['24h', '14d', '90d', '400d'] as const
export type Range = (typeof RANGES)[number]
export type Unit = 'hour' | 'day'

/** What came of a use, by kind: a call let through, a token issued, or any of the refusals. */
export const KINDS = ['allowed', 'issued', 'refused'] as const
export type Kind = (typeof KINDS)[number]

/** The kind of an outcome. The server names each refusal by its reason, and may learn new ones. */
export function kindOf(outcome: string): Kind {
  return outcome === 'allowed' || outcome === 'issued' ? outcome : 'refused'
}

/** What the usage page shows. All of it lives in the URL. */
export interface UsageView {
  range: Range
  /** Hours are a choice over 14 days alone: over 24 h there is nothing else, and longer they are not kept. */
  unit: Unit
  /** Only these, of all; empty for every one. */
  outcome: string
  scope: string
}

export const DEFAULT_VIEW: UsageView = { range: '14d', unit: 'day', outcome: '', scope: '' }

/** Reads a view from a query string; what it does not understand counts as not said. */
export function parseView(query: string): UsageView {
  const params = new URLSearchParams(query)
  const range = RANGES.find((each) => each === params.get('range')) ?? DEFAULT_VIEW.range
  return {
    range,
    unit: unitOf(range, params.get('by') === 'hour' ? 'hour' : 'day'),
    outcome: params.get('outcome') ?? '',
    scope: params.get('scope') ?? '',
  }
}

/** Writes a view as query parameters, leaving out what is usual. */
export function formatView(view: UsageView): URLSearchParams {
  const params = new URLSearchParams()
  if (view.range !== DEFAULT_VIEW.range) params.set('range', view.range)
  if (view.range === '14d' && view.unit === 'hour') params.set('by', 'hour')
  if (view.outcome) params.set('outcome', view.outcome)
  if (view.scope) params.set('scope', view.scope)
  return params
}

/** The unit that a range is shown in, near the wanted one. */
export function unitOf(range: Range, wanted: Unit): Unit {
  if (range === '24h') return 'hour'
  return range === '14d' ? wanted : 'day'
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const LENGTHS: Record<Range, number> = { '24h': 1, '14d': 14, '90d': 90, '400d': 400 }

/** The hours or UTC days that a view covers, as their beginnings; the present one is the last. */
export function slotsOf({ range, unit }: Pick<UsageView, 'range' | 'unit'>, now: number): number[] {
  const length = unit === 'hour' ? HOUR_MS : DAY_MS
  const count = LENGTHS[range] * (unit === 'hour' ? 24 : 1)
  const last = Math.floor(now / length) * length
  return Array.from({ length: count }, (_, slot) => last - (count - 1 - slot) * length)
}
