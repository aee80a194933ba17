import type { User } from '../api/types'

export function nameOf(user: User): string {
  return user.name || user.email
}

/** Who a sentence is about. */
export function Person({ user }: { user: User }) {
  return <strong className="font-semibold break-words">{nameOf(user)}</strong>
}
