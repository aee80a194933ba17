import type { Cell } from '../ui/csv'
import type { Count } from './count'
import type { Unit } from './view'

/** Counts as the rows of a table, oldest first, with its head. */
export function usageRows(counts: readonly Count[], unit: Unit): Cell[][] {
  const time = (at: number) => new Date(at).toISOString().slice(0, unit === 'hour' ? 19 : 10) + (unit === 'hour' ? 'Z' : '')
  return [
    [unit === 'hour' ? 'hour_utc' : 'day_utc', 'outcome', 'scope', 'calls'],
    ...[...counts].sort((one, other) => one.at - other.at).map(({ at, outcome, scope, calls }) => [time(at), outcome, scope, calls]),
  ]
}
