import { FileUp } from 'lucide-react'
import { useRef } from 'react'
import { Button } from '../ui/button'
import { Field } from '../ui/field'

interface KeyFieldProps {
  value: string
  onChange: (value: string) => void
  error?: string | undefined
}

/** What a file of public keys has at most; a set has 32 KiB. */
const MOST = 64 * 1024

/** Takes public keys, pasted or from a file. */
export function KeyField({ value, onChange, error }: KeyFieldProps) {
  const file = useRef<HTMLInputElement>(null)
  return (
    <Field
      label="Public keys"
      error={error}
      hint="As PEM or as a JWK Set: P-256, P-384, P-521, Ed25519, or RSA from 2,048 bits."
      aside={
        <>
          <Button look="quiet" className="h-7! px-2!" icon={<FileUp className="size-4" aria-hidden="true" />} onClick={() => file.current?.click()}>
            Choose file
          </Button>
          <input
            ref={file}
            type="file"
            hidden
            accept=".pem,.pub,.json,.jwk,.jwks"
            onChange={(event) => {
              const chosen = event.currentTarget.files?.[0]
              event.currentTarget.value = ''
              if (chosen) void chosen.slice(0, MOST).text().then(onChange)
            }}
          />
        </>
      }
    >
      {(control) => (
        <textarea
          {...control}
          rows={5}
          className="field py-2 font-mono text-xs"
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
