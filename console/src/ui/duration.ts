/** Lengths of time as people give them. On the wire they are seconds. */

export const UNITS = ['minutes', 'hours', 'days'] as const
export type Unit = (typeof UNITS)[number] | 'seconds'

const SECONDS: Record<Unit, number> = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 }

/** A length being entered: a preset ("none" or so many seconds), or a number of units. */
export interface DurationDraft {
  choice: 'none' | 'other' | number
  count: string
  unit: Unit
}

/** The largest unit that measures a length exactly. */
export function unitOf(seconds: number): Unit {
  const largest = [...UNITS].reverse().find((unit) => seconds % SECONDS[unit] === 0)
  return largest ?? 'seconds'
}

/** The draft that shows a length: its preset where there is one. */
export function draftOf(seconds: number | null, presets: readonly number[]): DurationDraft {
  if (seconds === null) return { choice: 'none', count: '', unit: unitOf(presets[0] ?? 86_400) }
  const unit = unitOf(seconds)
  const choice = presets.includes(seconds) ? seconds : 'other'
  return { choice, count: String(seconds / SECONDS[unit]), unit }
}

/** The seconds a draft stands for; null for no limit, undefined for what is not a length. */
export function secondsOf(draft: DurationDraft): number | null | undefined {
  if (draft.choice === 'none') return null
  if (draft.choice !== 'other') return draft.choice
  const count = /^\s*\d{1,6}\s*$/.test(draft.count) ? Number(draft.count) : 0
  return count > 0 ? count * SECONDS[draft.unit] : undefined
}

/** "90 days", "1 hour 30 minutes": exactly, with the units that it takes. */
export function durationWords(seconds: number): string {
  const words: string[] = []
  let rest = seconds
  for (const unit of ['days', 'hours', 'minutes', 'seconds'] as const) {
    const count = Math.floor(rest / SECONDS[unit])
    rest %= SECONDS[unit]
    if (count > 0) words.push(`${count.toLocaleString('en')} ${count === 1 ? unit.slice(0, -1) : unit}`)
  }
  return words.join(' ') || '0 seconds'
}

/** A length of time or none, as a form offers and names it. */
export interface Lengths {
  label: string
  hint: string
  /** What null is called. */
  none: string
  presets: readonly number[]
  units: readonly (typeof UNITS)[number][]
  /** The greatest length, in seconds. */
  most: number
}

/** What is wrong with a length entered; undefined where nothing is, empty while nothing was entered yet. */
export function lengthFault(draft: DurationDraft, most: number): string | undefined {
  const seconds = secondsOf(draft)
  if (seconds === undefined) return draft.count === '' ? '' : 'Enter a whole number, 1 or more.'
  return seconds !== null && seconds > most ? `Enter ${durationWords(most)} at most.` : undefined
}
