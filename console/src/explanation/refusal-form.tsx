import { useState, type ClipboardEvent, type FormEvent } from 'react'
import { Button } from '../ui/button'
import { Field } from '../ui/field'
import { readPasted } from './pasted'
import type { Question } from './question'

interface RefusalFormProps {
  /** The ID that is asked about now. */
  asked: string
  busy: boolean
  ask: (question: Question) => void
  /** Something must be mended before there can be an answer. */
  onFault: () => void
}

function idOf(read: { request_id: string } | { jti: string }): string {
  return 'jti' in read ? read.jti : read.request_id
}

/** Asks about a refusal by what stands in the refused answer. */
export function RefusalForm({ asked, busy, ask, onFault }: RefusalFormProps) {
  const [text, setText] = useState(asked)
  const [fault, setFault] = useState<string>()
  // Read before the field makes one line of a whole answer.
  const paste = (event: ClipboardEvent) => {
    const read = readPasted(event.clipboardData.getData('text'))
    event.preventDefault()
    setFault('fault' in read ? read.fault : undefined)
    if (!('fault' in read)) setText(idOf(read))
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    const read = readPasted(text)
    if ('fault' in read) {
      setFault(read.fault)
      onFault()
      return
    }
    setFault(undefined)
    setText(idOf(read))
    const [requestID, jti] = 'jti' in read ? ['', read.jti] : [read.request_id, '']
    ask({ about: 'refusal', requestID, jti })
  }
  return (
    <form onSubmit={submit} noValidate>
      <Field
        label="Request ID"
        error={fault}
        hint="Claviger-Request-Id of the refused answer, whole; the header or the body can be pasted as it is. A token’s jti says whether it was revoked."
      >
        {(control) => (
          <span className="flex gap-2 max-sm:flex-col">
            <input
              {...control}
              className="field min-w-0 flex-1 font-mono text-sm"
              autoCapitalize="off"
              autoComplete="off"
              spellCheck={false}
              value={text}
              onPaste={paste}
              onChange={(event) => setText(event.currentTarget.value)}
            />
            <Button type="submit" look="primary" busy={busy}>
              Explain
            </Button>
          </span>
        )}
      </Field>
    </form>
  )
}
