import { classes } from './classes'
import type { Choice } from './menu'

interface SegmentsProps<Value extends string> {
  label: string
  value: Value
  choices: readonly Choice<Value>[]
  onChoose: (value: Value) => void
}

/** A few choices side by side, of which one holds; arrow keys move between them. */
export function Segments<Value extends string>({ label, value, choices, onChoose }: SegmentsProps<Value>) {
  return (
    <fieldset className="inline-flex min-w-0 max-w-full flex-wrap rounded-control border border-line-strong/60 bg-surface p-0.5">
      <legend className="sr-only">{label}</legend>
      {choices.map((choice) => (
        <label
          key={choice.value}
          className={classes(
            'relative inline-flex h-8 cursor-pointer items-center rounded-[0.375rem] px-3 whitespace-nowrap has-focus-visible:outline-2 has-focus-visible:outline-accent-text pointer-coarse:h-10',
            choice.value === value ? 'bg-accent-soft font-medium text-accent-text' : 'text-muted hover:text-fg',
          )}
        >
          <input
            type="radio"
            name={label}
            className="absolute inset-0 cursor-pointer opacity-0"
            checked={choice.value === value}
            onChange={() => onChoose(choice.value)}
          />
          {choice.label}
        </label>
      ))}
    </fieldset>
  )
}
