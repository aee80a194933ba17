/** The day, in the reader's time zone, on which a credential ends, as an input of type date writes it. */
export function dayInput(expiresAt: string | null | undefined): string {
  if (!expiresAt) return ''
  const end = new Date(expiresAt)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${end.getFullYear()}-${two(end.getMonth() + 1)}-${two(end.getDate())}`
}

/** The last second of a day chosen in an input of type date, in the reader's time zone; undefined for none. */
export function endOfDay(day: string): string | undefined {
  const [year, month, date] = day.split('-').map(Number)
  if (!year || !month || !date) return undefined
  return new Date(year, month - 1, date, 23, 59, 59).toISOString().replace('.000', '')
}
