import type { Role } from '../api/types'
import { FieldError } from '../ui/field'
import { ROLE_MEANINGS, ROLE_WORDS, ROLES } from './words'

interface RoleChoiceProps {
  value: Role
  onChange: (role: Role) => void
  error?: string | undefined
  /** Gets the focus when the dialog opens. */
  chosen?: React.RefObject<HTMLInputElement | null>
}

/** The three roles to choose one of, each with what it may do. */
export function RoleChoice({ value, onChange, error, chosen }: RoleChoiceProps) {
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1.5 font-medium">Role</legend>
      <div className="divide-y divide-line rounded-control border border-line">
        {ROLES.map((role) => (
          <label key={role} className="flex min-h-11 cursor-pointer items-start gap-3 px-3 py-2.5 hover:bg-hover">
            <input
              type="radio"
              name="role"
              ref={role === value ? chosen : undefined}
              className="mt-0.5 size-4 shrink-0 accent-(--color-accent)"
              checked={role === value}
              onChange={() => onChange(role)}
            />
            <span className="min-w-0">
              <span className="block">{ROLE_WORDS[role]}</span>
              <span className="block text-sm text-muted">{ROLE_MEANINGS[role]}</span>
            </span>
          </label>
        ))}
      </div>
      {error && <FieldError>{error}</FieldError>}
    </fieldset>
  )
}
