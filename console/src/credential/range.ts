/** Address ranges as people write them, one a line, and as the API takes them. */

export interface Ranges {
  ranges: string[]
  /** What is wrong with the first that is none. */
  fault: string | undefined
}

/** Reads addresses and ranges, apart by lines, commas or spaces. An address alone is a range of its own. */
export function parseRanges(text: string): Ranges {
  const ranges: string[] = []
  for (const word of text.split(/[\s,;]+/).filter(Boolean)) {
    const range = rangeOf(word)
    if (!range) return { ranges, fault: `“${word}” is no address or range. Write it as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32.` }
    if (!ranges.includes(range)) ranges.push(range)
  }
  return { ranges, fault: undefined }
}

function rangeOf(word: string): string | undefined {
  const [address = '', bits, ...more] = word.split('/')
  const [text, most] = address.includes(':') ? [ipv6(address), 128] : [ipv4(address), 32]
  const length = bits ?? String(most)
  if (!text || more.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > most) return undefined
  return `${text}/${length}`
}

function ipv4(address: string): string | undefined {
  const parts = address.split('.')
  const good = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)
  return good ? address : undefined
}

/** The one spelling of an address (RFC 5952), which is the URL parser's too. */
function ipv6(address: string): string | undefined {
  if (!/^[0-9a-f:]+$/i.test(address)) return undefined
  try {
    return new URL(`http://[${address}]/`).hostname.slice(1, -1)
  } catch {
    return undefined
  }
}

export function sameRanges(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((range) => other.includes(range))
}

/** A range as people read it: one address without its length. */
export function rangeWords(range: string): string {
  return range.replace(range.includes(':') ? /\/128$/ : /\/32$/, '')
}
