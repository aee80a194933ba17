import { CircleCheck } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { Credential } from '../api/types'
import { tokenScopes } from '../scope/catalogue'
import { Button } from '../ui/button'
import { CopyButton } from '../ui/copy'
import { DialogBody, DialogFooter, DialogHeader } from '../ui/dialog'
import { Field } from '../ui/field'
import { Snippet } from '../ui/snippet'

/** Success for a credential that has no secret: there is nothing to save, only to use. */
export function CreatedWithoutSecret({ credential, onClose }: { credential: Credential; onClose: () => void }) {
  const ok = useRef<HTMLButtonElement>(null)
  // The dialog's content was swapped under the focus: put it on what matters now.
  useEffect(() => ok.current?.focus(), [])
  const signs = credential.authentication_method === 'private_key_jwt'
  return (
    <>
      <DialogHeader
        title="Success"
        icon={
          <span className="flex size-10 shrink-0 items-center justify-center rounded-full bg-ok-soft text-ok">
            <CircleCheck className="size-5" aria-hidden="true" />
          </span>
        }
      >
        <strong className="font-medium text-fg">{credential.name}</strong> was created.
      </DialogHeader>
      <DialogBody className="gap-4">
        <Field label="Client ID">
          {(control) => (
            <div className="flex gap-2">
              <input {...control} readOnly value={credential.client_id} className="field font-mono text-sm" />
              <CopyButton text={credential.client_id} what="client ID" />
            </div>
          )}
        </Field>
        <p>
          {signs
            ? 'It has no secret: its program signs an assertion for each token, with these claims.'
            : 'It has no secret: its program asks for tokens over TLS with its certificate, at the address that the operator gave for that.'}
        </p>
        {signs && <Snippet what="claims of the assertion" text={claims(credential.client_id)} />}
        <Snippet what="curl command" text={signs ? byAssertion(credential) : byCertificate(credential)} />
      </DialogBody>
      <DialogFooter>
        <Button ref={ok} onClick={onClose} className="min-w-20">
          OK
        </Button>
      </DialogFooter>
    </>
  )
}

function claims(clientID: string): string {
  return [
    '{',
    `  "iss": "${clientID}",`,
    `  "sub": "${clientID}",`,
    `  "aud": "${window.location.origin}",`,
    '  "exp": NOW_PLUS_60_SECONDS,',
    '  "jti": "NEW_EACH_TIME"',
    '}',
  ].join('\n')
}

function byAssertion({ scopes }: Credential): string {
  return [
    `curl ${window.location.origin}/oauth2/token \\`,
    '  -d grant_type=client_credentials \\',
    '  -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \\',
    '  --data-urlencode "client_assertion=$ASSERTION" \\',
    `  --data-urlencode 'scope=${tokenScopes(scopes).join(' ')}'`,
  ].join('\n')
}

function byCertificate({ client_id, scopes }: Credential): string {
  return [
    'curl https://HOST:PORT/oauth2/token \\',
    '  --cert client.pem --key client.key \\',
    '  -d grant_type=client_credentials \\',
    `  -d client_id=${client_id} \\`,
    `  --data-urlencode 'scope=${tokenScopes(scopes).join(' ')}'`,
  ].join('\n')
}
