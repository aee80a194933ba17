import type { Document } from './document'

/** Two people's changes in one, and the names of what both changed differently. */
export interface Merge {
  document: Document
  overlaps: string[]
}

/**
 * Puts the changes from `base` to `mine` on top of `theirs`, API by API and scope by scope. What both changed
 * differently is mine, and named.
 */
export function merge(base: Document, mine: Document, theirs: Document): Merge {
  const apis = mergeBy(base.apis, mine.apis, theirs.apis, ({ id }) => id)
  const scopes = mergeBy(base.scopes, mine.scopes, theirs.scopes, ({ value }) => value)
  return {
    document: { apis: apis.entries, scopes: scopes.entries },
    overlaps: [...apis.overlaps, ...scopes.overlaps],
  }
}

function mergeBy<T>(base: readonly T[], mine: readonly T[], theirs: readonly T[], key: (entry: T) => string) {
  const index = (entries: readonly T[]) => new Map(entries.map((entry) => [key(entry), entry]))
  const [was, my, their] = [index(base), index(mine), index(theirs)]
  const entries: T[] = []
  const overlaps: string[] = []
  for (const name of new Set([...their.keys(), ...my.keys()])) {
    const [old, one, other] = [was.get(name), my.get(name), their.get(name)]
    const theirChange = !equal(old, other)
    const myChange = !equal(old, one)
    if (myChange && theirChange && !equal(one, other)) overlaps.push(name)
    const kept = myChange ? one : other
    if (kept !== undefined) entries.push(kept)
  }
  return { entries, overlaps }
}

function equal(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
