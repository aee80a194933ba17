const BAR = 4
const GAP = 1
const HEIGHT = 16

/** How many calls there were, as the number that stands for the bars to screen readers. */
export function callsWords(days: readonly number[]): string {
  const total = days.reduce((sum, calls) => sum + calls, 0)
  return `${total.toLocaleString('en')} calls in ${days.length} days`
}

/** Calls a day as small bars, oldest first. */
export function Sparkline({ days }: { days: readonly number[] }) {
  const most = Math.max(...days, 0)
  if (most === 0) return null
  const label = callsWords(days)
  return (
    <svg
      role="img"
      aria-label={label}
      width={days.length * (BAR + GAP) - GAP}
      height={HEIGHT}
      className="mt-0.5 block text-accent opacity-75"
    >
      <title>{label}</title>
      {days.map((calls, day) => {
        const height = calls === 0 ? 1 : Math.max(2, (calls / most) * HEIGHT)
        return <rect key={day} x={day * (BAR + GAP)} y={HEIGHT - height} width={BAR} height={height} rx="1" fill="currentColor" />
      })}
    </svg>
  )
}
