import { FieldError } from '../ui/field'
import { LEVEL_WORDS, type LevelPolicy } from './rules'

const MEANINGS: Record<LevelPolicy, string> = {
  closed: 'Every new credential belongs to a person, and ends with their rights.',
  open: 'Admins may also create credentials that the account owns, and that stay when people leave.',
}

interface LevelPolicyChoiceProps {
  value: LevelPolicy
  onChange: (value: LevelPolicy) => void
  error?: string | undefined
}

/** Whether account-level credentials may be created. */
export function LevelPolicyChoice({ value, onChange, error }: LevelPolicyChoiceProps) {
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1.5 font-medium">Account-level credentials</legend>
      <div className="divide-y divide-line rounded-control border border-line">
        {(['closed', 'open'] as const).map((policy) => (
          <label key={policy} className="flex min-h-11 cursor-pointer items-start gap-3 px-3 py-2.5 hover:bg-hover">
            <input
              type="radio"
              name="account_level_credentials"
              className="mt-0.5 size-4 shrink-0 accent-(--color-accent)"
              checked={policy === value}
              onChange={() => onChange(policy)}
            />
            <span className="min-w-0">
              <span className="block">{LEVEL_WORDS[policy]}</span>
              <span className="block text-sm text-muted">{MEANINGS[policy]}</span>
            </span>
          </label>
        ))}
      </div>
      {error && <FieldError>{error}</FieldError>}
    </fieldset>
  )
}
