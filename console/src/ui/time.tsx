const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const EXACT = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
const SECOND = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' })
const DAY = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

/** "19 days ago", "in 3 hours", "just now": the largest unit that fits. The past is cut off, the future rounded. */
export function relativeTime(time: string, now: number = Date.now()): string {
  const seconds = (Date.parse(time) - now) / 1000
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return RELATIVE.format(seconds > 0 ? Math.round(seconds / length) : Math.trunc(seconds / length), unit)
  }
  return seconds > 0 ? 'in less than a minute' : 'just now'
}

/** The moment in full, in the reader's time zone. */
export function exactTime(time: string): string {
  return EXACT.format(new Date(time))
}

/** The moment to the second, in the reader's time zone. */
export function exactSecond(time: string): string {
  return SECOND.format(new Date(time))
}

export function dayOf(time: string): string {
  return DAY.format(new Date(time))
}

/** A length of time in the largest unit that says it without a rest: "90 days", "36 hours". */
export function spanWords(seconds: number): string {
  const units: [string, number][] = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
    ['second', 1],
  ]
  const [unit, length] = units.find(([, size]) => seconds >= size && seconds % size === 0) ?? ['second', 1]
  const count = seconds / length
  return `${count.toLocaleString('en')} ${unit}${count === 1 ? '' : 's'}`
}

/** How long ago or ahead a moment is, with the moment itself on hover. */
export function Ago({ time }: { time: string }) {
  return (
    <time dateTime={time} title={exactTime(time)} className="whitespace-nowrap">
      {relativeTime(time)}
    </time>
  )
}
