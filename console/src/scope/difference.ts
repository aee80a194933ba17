/** What saving would add to and take from a set of scopes. */
export interface ScopeDifference {
  added: string[]
  removed: string[]
}

export function scopeDifference(before: readonly string[], after: readonly string[]): ScopeDifference {
  return {
    added: after.filter((scope) => !before.includes(scope)),
    removed: before.filter((scope) => !after.includes(scope)),
  }
}

/** Whether two lists hold the same scopes, in whatever order. */
export function sameScopes(one: readonly string[], other: readonly string[]): boolean {
  const { added, removed } = scopeDifference(one, other)
  return added.length === 0 && removed.length === 0
}
