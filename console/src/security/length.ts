/** A password's length as the server counts it: the characters of its NFC form. */
export function lengthOf(password: string): number {
  return [...password.normalize('NFC')].length
}

export const MIN_LENGTH = 15
export const MAX_LENGTH = 128

export type Length = 'empty' | 'short' | 'enough' | 'long'

export function judgeLength(password: string): Length {
  const length = lengthOf(password)
  if (length === 0) return 'empty'
  if (length < MIN_LENGTH) return 'short'
  return length > MAX_LENGTH ? 'long' : 'enough'
}
