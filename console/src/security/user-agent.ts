/** What a user agent tells of itself, in words for people. */
export interface Agent {
  /** Empty when it does not say. */
  browser: string
  system: string
  mobile: boolean
}

/** Browsers by what marks them, the more special before what they also claim to be. */
const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|OPiOS|Opera)\//, 'Opera'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Headless)?Chrome\/|\bCriOS\//, 'Chrome'],
  [/\bChromium\//, 'Chromium'],
  [/\bVersion\/[\d.]+ .*\bSafari\//, 'Safari'],
]

const SYSTEMS: readonly [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac ?OS\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
]

/** Reads a User-Agent header. It is the browser's own claim, good for recognising one's sessions and for nothing else. */
export function parseUserAgent(header: string): Agent {
  const found = (list: readonly [RegExp, string][]) => list.find(([mark]) => mark.test(header))?.[1]
  const system = found(SYSTEMS) ?? ''
  // Not a browser's: a program names itself first, as curl/8.5.0 does.
  const program = /^Mozilla\//.test(header) ? '' : (/^[\w.-]+/.exec(header)?.[0] ?? '')
  return {
    browser: found(BROWSERS) ?? program,
    system,
    mobile: /\bMobile\b/.test(header) || ['iPhone', 'iPad', 'Android'].includes(system),
  }
}

/** "Firefox on Windows", or as much of it as is known. */
export function agentWords(header: string): string {
  const { browser, system } = parseUserAgent(header)
  if (browser && system) return `${browser} on ${system}`
  return browser || system || 'Unknown browser'
}
