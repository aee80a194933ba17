import { expect, test } from 'vitest'
import { agentWords, parseUserAgent } from './user-agent'

const KHTML = 'AppleWebKit/537.36 (KHTML, like Gecko)'

test.each([
  [`Mozilla/5.0 (X11; Linux x86_64) ${KHTML} Chrome/131.0.0.0 Safari/537.36`, 'Chrome on Linux'],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${KHTML} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0`, 'Edge on Windows'],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${KHTML} Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0`, 'Opera on Windows'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 14.7; rv:132.0) Gecko/20100101 Firefox/132.0', 'Firefox on macOS'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15', 'Safari on macOS'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1', 'Safari on iPhone'],
  [`Mozilla/5.0 (Linux; Android 10; K) ${KHTML} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36`, 'Samsung Internet on Android'],
  [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${KHTML} Chrome/131.0.0.0 Safari/537.36`, 'Chrome on ChromeOS'],
])('%s is told as %s', (header, words) => {
  expect(agentWords(header)).toBe(words)
})

test('a program is told by its own name, and nothing by what is not known', () => {
  expect(agentWords('curl/8.5.0')).toBe('curl')
  expect(agentWords('')).toBe('Unknown browser')
  expect(agentWords('Mozilla/5.0')).toBe('Unknown browser')
})

test('a phone is told from a computer', () => {
  expect(parseUserAgent('Mozilla/5.0 (Linux; Android 10; K) Chrome/125 Mobile Safari/537.36').mobile).toBe(true)
  expect(parseUserAgent('Mozilla/5.0 (X11; Linux x86_64) Chrome/125 Safari/537.36').mobile).toBe(false)
})
