import { useState, type FormEvent } from 'react'
import type { Versioned } from '../api/client'
import { formFaults } from '../api/problem'
import type { Account, AccountChange } from '../api/types'
import { FormProblem } from '../credential/form-problem'
import { Button } from '../ui/button'
import { Card } from '../ui/card'
import { Conflict } from '../ui/conflict'
import { useAskBeforeLeaving } from '../ui/leaving'
import { Notice } from '../ui/notice'
import { consequences } from './consequences'
import { DurationField } from '../ui/duration-field'
import { LevelPolicyChoice } from './level-policy'
import { differences, draftFaults, draftOf, editOf, RULES } from './rules'
import { useSave, type Work } from './save'

const FIELDS = ['account_level_credentials', ...RULES.map((rule) => rule.field)]

/** The form for an account's rules. Until something is changed it follows what is read anew. */
export function RulesForm({ loaded }: { loaded: Versioned<Account> }) {
  const [work, setWork] = useState<Work>()
  const saving = useSave(setWork)
  const base = work?.base ?? loaded
  const draft = work?.draft ?? draftOf(base.value)
  const edit = editOf(base.value, draft)
  const wrong = draftFaults(draft)
  const changed = Object.keys(edit).length > 0 || Object.keys(wrong).length > 0
  useAskBeforeLeaving(changed)
  const discard = () => {
    setWork(undefined)
    saving.clear()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (changed && !saving.busy) void saving.save({ base, draft })
  }
  const faults = formFaults(saving.error, FIELDS)
  const ready = changed && Object.keys(wrong).length === 0 && !saving.conflict
  return (
    <Card title="Rules">
      <form onSubmit={submit} noValidate className="flex flex-col gap-6">
        {saving.conflict && work ? (
          <AccountConflict
            mine={{ ...work.base.value, ...edit } as Account}
            saved={saving.conflict.value}
            onKeep={() => {
              setWork({ base: saving.conflict ?? work.base, draft: work.draft })
              saving.clear()
            }}
            onTake={() => {
              saving.take()
              discard()
            }}
          />
        ) : (
          <FormProblem error={saving.error} message={faults.general} />
        )}
        <LevelPolicyChoice
          value={draft.level}
          onChange={(level) => setWork({ base, draft: { ...draft, level } })}
          error={faults.fields['account_level_credentials']}
        />
        {RULES.map((rule) => (
          <DurationField
            key={rule.field}
            rule={rule}
            value={draft.durations[rule.field]}
            onChange={(value) => setWork({ base, draft: { ...draft, durations: { ...draft.durations, [rule.field]: value } } })}
            error={wrong[rule.field] || faults.fields[rule.field]}
          />
        ))}
        <Consequences account={base.value} edit={edit} />
        <div className="flex flex-wrap gap-2 max-sm:flex-col">
          <Button type="submit" look="primary" busy={saving.busy} disabled={!ready}>
            Save rules
          </Button>
          {changed && (
            <Button look="quiet" onClick={discard}>
              Discard changes
            </Button>
          )}
        </div>
      </form>
    </Card>
  )
}

/** What will change, before it is saved. */
function Consequences({ account, edit }: { account: Account; edit: AccountChange }) {
  const all = consequences(account, edit)
  return (
    <div role="status">
      {all.length > 0 && (
        <Notice kind={all.some((each) => each.grave) ? 'warn' : 'info'}>
          <p className="font-medium">When you save</p>
          <ul className="mt-1 flex list-disc flex-col gap-1 pl-4">
            {all.map((each) => (
              <li key={each.text}>{each.text}</li>
            ))}
          </ul>
        </Notice>
      )}
    </div>
  )
}

interface AccountConflictProps {
  mine: Account
  saved: Account
  onKeep: () => void
  onTake: () => void
}

function AccountConflict({ mine, saved, onKeep, onTake }: AccountConflictProps) {
  return (
    <Conflict
      title="Somebody saved these rules while you were editing"
      rows={differences(mine, saved)}
      onKeep={onKeep}
      onTake={onTake}
    >
      Nothing of yours was saved yet; choose which version to go on with.
    </Conflict>
  )
}
