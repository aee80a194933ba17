import { Eye, EyeOff } from 'lucide-react'
import { useState, type ReactNode, type RefObject } from 'react'
import { IconButton } from './button'
import { Field } from './field'

interface PasswordFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  /** What a password manager may do here: fill in what it knows, or suggest a new one. */
  autoComplete: 'current-password' | 'new-password'
  hint?: ReactNode
  error?: string | undefined
  input?: RefObject<HTMLInputElement | null>
  /** Takes the focus as it appears: for a form that the person has just opened. */
  autoFocus?: boolean
}

/**
 * A password, hidden until the person wants to see it. Pasting works, and there is no length limit: one would
 * cut what is pasted without a word.
 */
export function PasswordField({ label, value, onChange, autoComplete, hint, error, input, autoFocus }: PasswordFieldProps) {
  const [shown, setShown] = useState(false)
  const Icon = shown ? EyeOff : Eye
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <span className="relative block">
          <input
            {...control}
            ref={input}
            type={shown ? 'text' : 'password'}
            className="field pr-11"
            value={value}
            autoComplete={autoComplete}
            autoCapitalize="off"
            autoCorrect="off"
            spellCheck={false}
            autoFocus={autoFocus}
            onChange={(event) => onChange(event.currentTarget.value)}
          />
          <IconButton
            label={`${shown ? 'Hide' : 'Show'} ${label.toLowerCase()}`}
            title={shown ? 'Hide' : 'Show'}
            className="absolute inset-y-0 right-0.5 my-auto"
            onClick={() => setShown(!shown)}
          >
            <Icon className="size-4" aria-hidden="true" />
          </IconButton>
        </span>
      )}
    </Field>
  )
}

/** Tells password managers whose password the form holds. */
export function UsernameForManagers({ email }: { email: string }) {
  return <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
}
