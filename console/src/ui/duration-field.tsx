import { useId } from 'react'
import { classes } from './classes'
import { draftOf, durationWords, type DurationDraft, type Lengths, type Unit } from './duration'
import { FieldError } from './field'

interface DurationFieldProps {
  rule: Lengths
  value: DurationDraft
  onChange: (value: DurationDraft) => void
  error?: string | undefined
}

const CHIP =
  'relative flex min-h-(--control) cursor-pointer items-center rounded-control border px-3 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent-text'

/** A length of time: none, a usual one, or a number and its unit. */
export function DurationField({ rule, value, onChange, error }: DurationFieldProps) {
  const id = useId()
  const choices: DurationDraft['choice'][] = ['none', ...rule.presets, 'other']
  const described = [error && `${id}-error`, `${id}-hint`].filter(Boolean).join(' ')
  return (
    <fieldset aria-describedby={described} className="flex min-w-0 flex-col gap-1.5">
      <legend className="mb-1.5 font-medium">{rule.label}</legend>
      <div className="flex flex-wrap gap-2">
        {choices.map((choice) => (
          <label
            key={choice}
            className={classes(
              CHIP,
              choice === value.choice
                ? 'border-accent bg-accent-soft text-accent-text'
                : 'border-line-strong/60 bg-surface hover:bg-hover',
            )}
          >
            <input
              type="radio"
              name={id}
              className="sr-only"
              checked={choice === value.choice}
              onChange={() => onChange({ ...value, ...seeded(value), choice })}
            />
            {choiceWords(rule, choice)}
          </label>
        ))}
      </div>
      {value.choice === 'other' && <OtherLength rule={rule} value={value} onChange={onChange} invalid={!!error} />}
      {error && <FieldError id={`${id}-error`}>{error}</FieldError>}
      <p id={`${id}-hint`} className="text-sm text-muted">
        {rule.hint}
      </p>
    </fieldset>
  )
}

function choiceWords(rule: Lengths, choice: DurationDraft['choice']): string {
  if (choice === 'none') return rule.none
  return choice === 'other' ? 'Other' : durationWords(choice)
}

/** Going from a preset to another length starts from the preset. */
function seeded({ choice }: DurationDraft): Partial<DurationDraft> {
  if (typeof choice !== 'number') return {}
  const { count, unit } = draftOf(choice, [])
  return { count, unit }
}

interface OtherLengthProps {
  rule: Lengths
  value: DurationDraft
  onChange: (value: DurationDraft) => void
  invalid: boolean
}

function OtherLength({ rule, value, onChange, invalid }: OtherLengthProps) {
  // A length set elsewhere may need a smaller unit than the form would offer.
  const units: Unit[] = rule.units.some((unit) => unit === value.unit) ? [...rule.units] : [value.unit, ...rule.units]
  return (
    <span className="mt-1 flex gap-2">
      <input
        inputMode="numeric"
        aria-label={`${rule.label}: number`}
        aria-invalid={invalid || undefined}
        className="field w-24"
        value={value.count}
        maxLength={6}
        autoComplete="off"
        onChange={(event) => onChange({ ...value, count: event.currentTarget.value })}
      />
      <select
        aria-label={`${rule.label}: unit`}
        className="field w-32"
        value={value.unit}
        onChange={(event) => onChange({ ...value, unit: event.currentTarget.value as Unit })}
      >
        {units.map((unit) => (
          <option key={unit} value={unit}>
            {unit}
          </option>
        ))}
      </select>
    </span>
  )
}
