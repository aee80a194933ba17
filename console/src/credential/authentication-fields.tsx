import { Fold } from '../ui/fold'
import { METHOD_WORDS, METHODS, type AuthenticationDraft } from './authentication'
import { KeyField } from './key-field'
import { SubjectField } from './subject-field'

interface AuthenticationFieldsProps {
  value: AuthenticationDraft
  onChange: (value: AuthenticationDraft) => void
  faults: Record<string, string>
}

/** How a new credential authenticates itself, folded away: most have a secret. It stays as it is chosen. */
export function AuthenticationFields({ value, onChange, faults }: AuthenticationFieldsProps) {
  const faulty = ['authentication_method', 'jwks', 'tls_client_subject'].some((field) => faults[field])
  return (
    <Fold title="Authentication" summary={METHOD_WORDS[value.method].name} faulty={faulty}>
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-1.5 text-sm text-muted">How its programs prove themselves. It cannot be changed later.</legend>
        {METHODS.map((method) => (
          <label
            key={method}
            className="flex cursor-pointer items-start gap-3 rounded-control border border-line px-3 py-2.5 hover:bg-hover has-checked:border-accent"
          >
            <input
              type="radio"
              name="authentication-method"
              className="mt-0.5 size-4 shrink-0 accent-(--color-accent)"
              checked={method === value.method}
              onChange={() => onChange({ ...value, method })}
            />
            <span className="min-w-0">
              <span className="block">{METHOD_WORDS[method].name}</span>
              <span className="block text-sm break-words text-muted">{METHOD_WORDS[method].meaning}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {value.method === 'private_key_jwt' && (
        <KeyField value={value.keys} onChange={(keys) => onChange({ ...value, keys })} error={faults.jwks} />
      )}
      {value.method === 'tls_client_auth' && (
        <SubjectField value={value.subject} onChange={(subject) => onChange({ ...value, subject })} error={faults.tls_client_subject} />
      )}
    </Fold>
  )
}
