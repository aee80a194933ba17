import { Field } from '../ui/field'

interface SubjectFieldProps {
  value: string
  onChange: (value: string) => void
  error?: string | undefined
}

/** The name in the certificate that a program authenticates itself with. */
export function SubjectField({ value, onChange, error }: SubjectFieldProps) {
  return (
    <Field
      label="Name in the certificate"
      error={error}
      hint={
        <>
          The whole subject, as <code className="font-mono text-xs">CN=export,O=Acme</code>, or one name with{' '}
          <code className="font-mono text-xs">dns:</code>, <code className="font-mono text-xs">uri:</code>,{' '}
          <code className="font-mono text-xs">ip:</code> or <code className="font-mono text-xs">email:</code> before it, as{' '}
          <code className="font-mono text-xs">dns:export.example.com</code>. It must match exactly.
        </>
      }
    >
      {(control) => (
        <input
          {...control}
          className="field font-mono text-sm"
          maxLength={1024}
          autoCapitalize="off"
          autoComplete="off"
          spellCheck={false}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}
