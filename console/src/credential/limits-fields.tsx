import { useQuery } from '@tanstack/react-query'
import { accountQueryOptions } from '../account/queries'
import { useSession } from '../session/session'
import { DurationField } from '../ui/duration-field'
import { Field } from '../ui/field'
import { Fold } from '../ui/fold'
import { lifetimeLengths, LIMIT_FIELDS, limitsOf, limitsSummary, type LimitField, type LimitsDraft } from './limits'

interface LimitsFieldsProps {
  value: LimitsDraft
  onChange: (value: LimitsDraft) => void
  faults: Partial<Record<LimitField, string>>
}

/** The limits of a credential, folded away: most have none. */
export function LimitsFields(props: LimitsFieldsProps) {
  const faulty = LIMIT_FIELDS.some((field) => props.faults[field])
  return (
    <Fold title="Limits" summary={limitsSummary(limitsOf(props.value))} faulty={faulty}>
      <OpenFields {...props} />
    </Fold>
  )
}

function OpenFields({ value, onChange, faults }: LimitsFieldsProps) {
  const { api } = useSession()
  const account = useQuery(accountQueryOptions(api))
  return (
    <>
      <Field
        label="Allowed addresses"
        hint="One a line: an address, or a range as 192.0.2.0/24. Empty: from anywhere. Calls from elsewhere are refused at once, with tokens already issued, too."
        error={faults.allowed_cidrs}
      >
        {(control) => (
          <textarea
            {...control}
            rows={Math.min(8, Math.max(2, value.addresses.split('\n').length))}
            className="field py-2 font-mono text-sm"
            autoCapitalize="off"
            autoComplete="off"
            spellCheck={false}
            value={value.addresses}
            onChange={(event) => onChange({ ...value, addresses: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field
        label="Requests per second"
        hint="Each server counts for itself, and a burst of twice as many passes. Empty: no limit."
        error={faults.requests_per_second}
      >
        {(control) => (
          <input
            {...control}
            inputMode="numeric"
            className="field w-32"
            maxLength={7}
            autoComplete="off"
            value={value.rate}
            onChange={(event) => onChange({ ...value, rate: event.currentTarget.value })}
          />
        )}
      </Field>
      <DurationField
        rule={lifetimeLengths(account.data)}
        value={value.lifetime}
        onChange={(lifetime) => onChange({ ...value, lifetime })}
        error={faults.token_lifetime_seconds}
      />
    </>
  )
}
