import type { Problem } from '../api/problem'
import type { Document } from './document'

/** What the server found wrong, by the place in the document: "apis[0].routes[1].path". */
export type Faults = ReadonlyMap<string, string>

export const NO_FAULTS: Faults = new Map()

/** The faults of a refusal, by place; those without one the form knows stand under the empty place. */
export function faultsOf(problem: Problem, document: Document): Faults {
  const found = new Map<string, string>()
  for (const { location, message } of problem.faults) {
    const place = placeOf(location, document)
    found.set(place, [found.get(place), message].filter(Boolean).join(' '))
  }
  if (problem.faults.length === 0) found.set('', problem.message)
  return found
}

function placeOf(location: string, document: Document): string {
  const place = location.replace(/^body\.?/, '')
  // Some faults name their API by its ID.
  const named = /^apis\.(.+)\.([a-z_]+)$/.exec(place)
  const index = named ? document.apis.findIndex(({ id }) => id === named[1]) : -1
  if (named && index >= 0) return `apis[${index}].${named[2]}`
  return /^(apis|scopes)\[\d+\]/.test(place) ? place : ''
}

/** What is wrong with a field, its entries included. */
export function faultAt(faults: Faults, place: string): string | undefined {
  const found = [...faults].filter(([at]) => at === place || at.startsWith(`${place}[`))
  return found.length > 0 ? [...new Set(found.map(([, message]) => message))].join(' ') : undefined
}

/** How many faults lie at or below a place. */
export function faultsWithin(faults: Faults, place: string): number {
  return [...faults.keys()].filter((at) => at === place || at.startsWith(`${place}.`) || at.startsWith(`${place}[`)).length
}

/** The faults without those of a field that was edited since. */
export function withoutFault(faults: Faults, place: string): Faults {
  if (faultsWithin(faults, place) === 0) return faults
  return new Map([...faults].filter(([at]) => at !== place && !at.startsWith(`${place}[`) && !at.startsWith(`${place}.`)))
}

/** The dropped scopes that a refusal names as still held; all that were dropped where it names none. */
export function heldScopes(message: string, dropped: readonly string[]): string[] {
  const words = new Set(message.split(/[\s,;]+/).map((word) => word.replace(/\.$/, '')))
  const named = dropped.filter((value) => words.has(value))
  return named.length > 0 ? named : [...dropped]
}
