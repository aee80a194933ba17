import type { Credential, Secret } from '../api/types'
import { relativeTime } from '../ui/time'
import { hasEnded } from './secret'

/** How long a secret must be unused to count as quiet. */
export const QUIET_CHOICES = [
  { value: '1', label: 'Quiet for 1 hour' },
  { value: '6', label: 'Quiet for 6 hours' },
  { value: '24', label: 'Quiet for 24 hours' },
  { value: '72', label: 'Quiet for 3 days' },
] as const
export type QuietHours = (typeof QUIET_CHOICES)[number]['value']

/** After how many hours without a use a secret is closed by itself; 0: it is not. */
export const CLOSE_CHOICES = [
  { value: '0', label: 'Not by itself' },
  { value: '1', label: 'After 1 quiet hour' },
  { value: '6', label: 'After 6 quiet hours' },
  { value: '24', label: 'After 24 quiet hours' },
  { value: '72', label: 'After 3 quiet days' },
  { value: '168', label: 'After 7 quiet days' },
] as const

/** The choices, with the one that stands among them: another program may have asked for any number of hours. */
export function closeChoices(hours: number): readonly { value: string; label: string }[] {
  if (CLOSE_CHOICES.some(({ value }) => value === String(hours))) return CLOSE_CHOICES
  return [...CLOSE_CHOICES, { value: String(hours), label: `After ${hoursWords(hours)} of quiet` }]
}

export function hoursWords(hours: number): string {
  return `${hours.toLocaleString('en')} ${hours === 1 ? 'hour' : 'hours'}`
}

/** When a secret is closed by itself, and how near that is: undefined where nobody asked for it. */
export function closesWords(secret: Secret, now: number): string | undefined {
  if (!secret.close_when_quiet_hours) return undefined
  const used = secret.last_used_at ? `last used ${relativeTime(secret.last_used_at, now)}` : 'never used'
  return `Closes when not used for ${hoursWords(secret.close_when_quiet_hours)}; ${used}.`
}

const HOUR_MS = 3_600_000

/** The choice that a URL names; 6 hours where it names none. */
export function quietHours(value: string | null): QuietHours {
  return QUIET_CHOICES.find((choice) => choice.value === value)?.value ?? '6'
}

/** The secrets that still work, oldest first. */
function live(credential: Credential): Secret[] {
  return credential.secrets
    .filter((secret) => !hasEnded(secret))
    .sort((one, other) => Date.parse(one.created_at) - Date.parse(other.created_at))
}

/** The secret that programs are to use. */
export function newestOf(credential: Credential): Secret | undefined {
  return live(credential).at(-1)
}

/** The secrets that are to go: all that work beside the newest. */
export function retiring(credential: Credential): Secret[] {
  return live(credential).slice(0, -1)
}

/** Whether no program has used a secret for so many hours; one never used is as quiet as it is old. */
export function isQuiet(secret: Secret, hours: number, now: number): boolean {
  return now - Date.parse(secret.last_used_at ?? secret.created_at) >= hours * HOUR_MS
}

/** Whether a secret is still used, in words that say what closing it would do. */
export function usedSince(secret: Secret, hours: number, now: number): string {
  if (!secret.last_used_at) return 'It was never used. Closing it stops nobody.'
  const used = `It was last used ${relativeTime(secret.last_used_at, now)}${secret.last_used_address ? ` from ${secret.last_used_address}` : ''}.`
  if (isQuiet(secret, hours, now)) return `${used} That is long enough to close it.`
  return `${used} The program there has not moved yet, and closing it now would stop that program at its next token.`
}

/** The time left until a moment: "2 d 03:04:05", or hours and less alone. */
export function countdown(end: string, now: number): string {
  const left = Math.max(0, Math.floor((Date.parse(end) - now) / 1000))
  const two = (number: number) => String(number).padStart(2, '0')
  const days = Math.floor(left / 86_400)
  const clock = [Math.floor((left % 86_400) / 3600), Math.floor((left % 3600) / 60), left % 60].map(two).join(':')
  return days > 0 ? `${days} d ${clock}` : clock
}
