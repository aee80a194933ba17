import type { ReactNode } from 'react'
import { classes } from '../ui/classes'
import { Field } from '../ui/field'

interface TextFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  error?: string | undefined
  hint?: ReactNode
  placeholder?: string
  /** For what programs read: IDs, paths, addresses. */
  mono?: boolean
}

export function TextField({ label, value, onChange, error, hint, placeholder, mono = false }: TextFieldProps) {
  return (
    <Field label={label} error={error} hint={hint}>
      {(control) => (
        <input
          {...control}
          className={classes('field', mono && 'font-mono text-sm')}
          value={value}
          placeholder={placeholder}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={!mono}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}

interface CheckFieldProps {
  label: string
  hint?: string
  checked: boolean
  onChange: (checked: boolean) => void
}

export function CheckField({ label, hint, checked, onChange }: CheckFieldProps) {
  return (
    <label className="flex min-h-6 items-start gap-2.5 pointer-coarse:min-h-11">
      <input
        type="checkbox"
        className="mt-0.5 size-4 shrink-0 accent-(--color-accent)"
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>
        {label}
        {hint && <span className="block text-sm text-muted">{hint}</span>}
      </span>
    </label>
  )
}

/** The texts of a list that is typed with commas or spaces between. */
export function listOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean)
}
