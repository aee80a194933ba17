import type { UsageDay, UsageHour } from '../api/types'
import { kindOf, type Kind, type UsageView } from './view'

/** One counted number: how many calls with an outcome, by a scope, in an hour or on a day. */
export interface Count {
  at: number
  outcome: string
  /** The scopes of a token, or the one that a call needed; empty where there was none to count. */
  scope: string
  calls: number
}

/** The counts of one hour or day. */
export interface Slot {
  at: number
  calls: Record<Kind, number>
}

export function countsOf(usage: { hours: readonly UsageHour[]; days: readonly UsageDay[] }, unit: UsageView['unit']): Count[] {
  if (unit === 'hour') return usage.hours.map(({ hour, ...rest }) => ({ at: Date.parse(hour), ...rest }))
  return usage.days.map(({ day, ...rest }) => ({ at: Date.parse(`${day}T00:00:00Z`), ...rest }))
}

/** The counts that a view leaves: within its slots, and of the outcome and scope that it narrows to. */
export function narrowed(counts: readonly Count[], slots: readonly number[], view: Pick<UsageView, 'outcome' | 'scope'>): Count[] {
  const known = new Set(slots)
  return counts.filter(
    ({ at, outcome, scope }) =>
      known.has(at) && (!view.outcome || outcome === view.outcome) && (!view.scope || scope === view.scope),
  )
}

/** Counts in their slots, those without any included. */
export function slotted(counts: readonly Count[], slots: readonly number[]): Slot[] {
  const filled = new Map(slots.map((at) => [at, { allowed: 0, issued: 0, refused: 0 }]))
  for (const { at, outcome, calls } of counts) {
    const slot = filled.get(at)
    if (slot) slot[kindOf(outcome)] += calls
  }
  return [...filled].map(([at, calls]) => ({ at, calls }))
}

export function totalOf({ calls }: Slot): number {
  return calls.allowed + calls.issued + calls.refused
}

/** Sums of calls by outcome or by scope, the largest first. */
export function sums(counts: readonly Count[], by: 'outcome' | 'scope'): { key: string; calls: number }[] {
  const found = new Map<string, number>()
  for (const count of counts) found.set(count[by], (found.get(count[by]) ?? 0) + count.calls)
  return [...found].map(([key, calls]) => ({ key, calls })).sort((one, other) => other.calls - one.calls)
}

/** A number at or just above `most` that an axis can end at: 1, 2 or 5 times a power of ten. */
export function axisEnd(most: number): number {
  if (most <= 4) return Math.max(most, 1)
  const power = 10 ** Math.floor(Math.log10(most))
  return [1, 2, 4, 5, 10].map((step) => step * power).find((end) => end >= most) ?? most
}
