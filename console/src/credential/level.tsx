import type { Account, Level, Me } from '../api/types'

/** The levels at which a person may create credentials: account-level is for admins, where the account opened it. */
export function levelsOnOffer(me: Me, account: Account): Level[] {
  const open = me.role === 'admin' && account.account_level_credentials === 'open'
  return open ? ['user', 'account'] : ['user']
}

const LEVELS: Record<Level, { label: string; meaning: string }> = {
  user: { label: 'User-level', meaning: 'Owned by you, and limited to what your role allows.' },
  account: { label: 'Account-level', meaning: 'Owned by the account, and kept when people leave it. Every admin can edit it.' },
}

interface LevelChoiceProps {
  value: Level
  onChange: (level: Level) => void
}

/** Who is to own a new credential. */
export function LevelChoice({ value, onChange }: LevelChoiceProps) {
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1.5 font-medium">Level</legend>
      <div className="grid gap-2 sm:grid-cols-2">
        {(['user', 'account'] as const).map((level) => (
          <label
            key={level}
            className="flex cursor-pointer items-start gap-3 rounded-control border border-line px-3 py-2.5 hover:bg-hover has-checked:border-accent"
          >
            <input
              type="radio"
              name="level"
              className="mt-0.5 size-4 shrink-0 accent-(--color-accent)"
              checked={level === value}
              onChange={() => onChange(level)}
            />
            <span className="min-w-0">
              <span className="block">{LEVELS[level].label}</span>
              <span className="block text-sm text-muted">{LEVELS[level].meaning}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
