import { Download, FolderOpen } from 'lucide-react'
import { useRef, useState } from 'react'
import { Button } from '../ui/button'
import { download } from '../ui/download'
import { Field } from '../ui/field'
import { readText, textOf, type TextFault } from './document'
import type { Work } from './work'

/** As large as the server takes. */
const MAX_SIZE = 1 << 20

interface TextModeProps {
  work: Work
  /** Whether what is typed can be read as a catalogue. */
  onReadable: (readable: boolean) => void
}

/** The catalogue as JSON, to paste, or to read from a file and keep in one. */
export function TextMode({ work, onReadable }: TextModeProps) {
  const [typed, setTyped] = useState(() => textOf(work.draft))
  const [faults, setFaults] = useState<TextFault[]>([])
  const file = useRef<HTMLInputElement>(null)
  // Discarding changes the draft from outside: then its text stands here, not what was typed.
  const own = useRef(work.draft)
  const text = own.current === work.draft ? typed : textOf(work.draft)
  const change = (next: string) => {
    setTyped(next)
    const read = readText(next)
    const ok = 'document' in read
    setFaults(ok ? [] : read.faults)
    onReadable(ok)
    own.current = ok ? read.document : work.draft
    if (ok) work.replace(read.document)
  }
  const open = async (chosen: File | undefined) => {
    if (!chosen) return
    if (chosen.size > MAX_SIZE) setFaults([{ at: '', message: 'The file is larger than 1 MiB, which is the most a catalogue may be.' }])
    else change(await chosen.text())
  }
  return (
    <div className="flex flex-col gap-4">
      <Field
        label="Catalogue as JSON"
        error={faults.length > 0 ? faultWords(faults) : undefined}
        hint={
          <>
            A file in YAML is applied on the command line: <code className="font-mono text-xs">claviger catalogue apply FILE</code>
          </>
        }
      >
        {(control) => (
          <textarea
            {...control}
            className="field min-h-[60dvh] resize-y py-2.5 font-mono text-xs leading-5 whitespace-pre"
            value={text}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            onChange={(event) => change(event.currentTarget.value)}
          />
        )}
      </Field>
      <div className="flex flex-wrap gap-2">
        <input
          ref={file}
          type="file"
          accept="application/json,.json"
          aria-label="Catalogue file"
          className="hidden"
          onChange={(event) => {
            void open(event.currentTarget.files?.[0])
            event.currentTarget.value = ''
          }}
        />
        <Button icon={<FolderOpen className="size-4" aria-hidden="true" />} onClick={() => file.current?.click()}>
          Open a file
        </Button>
        <Button
          icon={<Download className="size-4" aria-hidden="true" />}
          onClick={() => download('catalogue.json', 'application/json', `${text}\n`)}
        >
          Download
        </Button>
      </div>
    </div>
  )
}

const SHOWN = 5

function faultWords(faults: readonly TextFault[]): string {
  const words = faults.slice(0, SHOWN).map(({ at, message }) => (at ? `${at}: ${message}` : message))
  const more = faults.length - SHOWN
  return [...words, ...(more > 0 ? [`And ${more} more.`] : [])].join(' ')
}
