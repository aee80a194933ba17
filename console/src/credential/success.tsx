import { Tabs } from '@base-ui/react/tabs'
import { CircleCheck, Download, Eye, EyeOff } from 'lucide-react'
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react'
import { Button, IconButton } from '../ui/button'
import { CopyButton, CopyIcon } from '../ui/copy'
import { DialogBody, DialogFooter, DialogHeader } from '../ui/dialog'
import { download } from '../ui/download'
import { Field } from '../ui/field'
import { Notice } from '../ui/notice'
import { fileName, snippet, SNIPPET_KINDS, SNIPPET_LABELS, type IssuedSecret, type SnippetKind } from './snippet'

/** Keeps a secret on the screen until it was saved or the person said it may go. */
export interface SecretGuard {
  saved: boolean
  markSaved: () => void
  /** True while the question "close without saving?" is shown. */
  asking: boolean
  requestClose: () => void
  keepOpen: () => void
}

/**
 * Guards a secret that is shown once. While `active` and unsaved, closing asks first, leaving the page makes
 * the browser ask, and going back within the console is refused where the browser lets us.
 */
export function useSecretGuard(active: boolean, close: () => void): SecretGuard {
  const [saved, setSaved] = useState(false)
  const [asking, setAsking] = useState(false)
  const unsaved = active && !saved
  useEffect(() => {
    if (!active) return
    setSaved(false)
    setAsking(false)
  }, [active])
  useEffect(() => {
    if (!unsaved) return
    const stay = (event: BeforeUnloadEvent) => event.preventDefault()
    const stayInConsole = (event: Event) => {
      // A download is announced as a navigation too; it is just what is wanted here.
      if (!event.cancelable || isDownload(event)) return
      event.preventDefault()
      setAsking(true)
    }
    window.addEventListener('beforeunload', stay)
    navigationEvents()?.addEventListener('navigate', stayInConsole)
    return () => {
      window.removeEventListener('beforeunload', stay)
      navigationEvents()?.removeEventListener('navigate', stayInConsole)
    }
  }, [unsaved])
  const markSaved = useCallback(() => {
    setSaved(true)
    setAsking(false)
  }, [])
  const requestClose = () => (unsaved && !asking ? setAsking(true) : unsaved ? undefined : close())
  return { saved, markSaved, asking, requestClose, keepOpen: () => setAsking(false) }
}

/** The Navigation API, which not every browser has. */
function navigationEvents(): EventTarget | undefined {
  return (window as { navigation?: EventTarget }).navigation
}

function isDownload(event: Event): boolean {
  return typeof (event as { downloadRequest?: unknown }).downloadRequest === 'string'
}

interface SuccessProps {
  issued: IssuedSecret
  /** One sentence: what was made. */
  children: ReactNode
  guard: SecretGuard
  onClose: () => void
}

/** Shows a new secret, for the only time. */
export function Success({ issued, children, guard, onClose }: SuccessProps) {
  const [revealed, setRevealed] = useState(false)
  const copy = useRef<HTMLSpanElement>(null)
  // The dialog's content was swapped under the focus: put it on what matters now.
  useEffect(() => copy.current?.querySelector('button')?.focus(), [])
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
        {children}
      </DialogHeader>
      <DialogBody className="gap-4">
        <Notice kind="warn">
          <strong className="font-semibold">Save the secret now.</strong> Only a hash of it is stored, so it cannot be
          shown again.
        </Notice>
        <Field label="Client ID">
          {(control) => (
            <div className="flex gap-2">
              <input {...control} readOnly value={issued.clientID} className="field font-mono text-sm" />
              <CopyButton text={issued.clientID} what="client ID" />
            </div>
          )}
        </Field>
        <Field label="Client secret">
          {(control) => (
            <div className="flex gap-2">
              <div className="relative min-w-0 flex-1">
                <SecretText control={control} secret={issued.secret} revealed={revealed} />
                <IconButton
                  label={revealed ? 'Hide client secret' : 'Reveal client secret'}
                  onClick={() => setRevealed(!revealed)}
                  className="absolute inset-y-0 right-0.5 my-auto"
                >
                  {revealed ? <EyeOff className="size-4" aria-hidden="true" /> : <Eye className="size-4" aria-hidden="true" />}
                </IconButton>
              </div>
              <span ref={copy} className="contents">
                <CopyButton look="primary" text={issued.secret} what="client secret" onCopied={guard.markSaved} />
              </span>
            </div>
          )}
        </Field>
        <Snippets issued={issued} revealed={revealed} onSaved={guard.markSaved} />
        <Downloads issued={issued} onSaved={guard.markSaved} />
      </DialogBody>
      {guard.asking ? (
        <AskFooter onKeep={guard.keepOpen} onClose={onClose} />
      ) : (
        <DialogFooter stacked={false}>
          <p className="flex-1 text-sm text-muted" role="status">
            {guard.saved ? 'Copied or downloaded' : 'Not saved yet'}
          </p>
          <Button onClick={guard.requestClose} className="min-w-20">
            OK
          </Button>
        </DialogFooter>
      )}
    </>
  )
}

interface SecretTextProps {
  control: { id: string }
  secret: string
  revealed: boolean
}

/** While masked, the page does not hold the secret's text at all. */
function SecretText({ control, secret, revealed }: SecretTextProps) {
  return (
    <input
      {...control}
      readOnly
      value={revealed ? secret : mask(secret)}
      autoComplete="off"
      spellCheck={false}
      className="field pr-11 font-mono text-sm pointer-coarse:pr-13"
      onFocus={(event) => revealed && event.currentTarget.select()}
    />
  )
}

function mask(secret: string): string {
  return '•'.repeat(secret.length)
}

interface SnippetsProps {
  issued: IssuedSecret
  revealed: boolean
  onSaved: () => void
}

function Snippets({ issued, revealed, onSaved }: SnippetsProps) {
  const [kind, setKind] = useState<SnippetKind>('curl')
  const shown = revealed ? issued : { ...issued, secret: '•'.repeat(12) }
  const origin = window.location.origin
  return (
    <Tabs.Root
      value={kind}
      onValueChange={(next: SnippetKind) => setKind(next)}
      className="shrink-0 overflow-hidden rounded-control border border-line bg-sunken"
    >
      <div className="flex items-center justify-between border-b border-line pr-1 pl-1">
        <Tabs.List aria-label="Ways to use it" className="flex">
          {SNIPPET_KINDS.map((each) => (
            <Tabs.Tab
              key={each}
              value={each}
              className="h-9 border-b-2 border-transparent px-3 font-mono text-xs text-muted outline-offset-[-3px] hover:text-fg data-active:border-accent data-active:text-fg pointer-coarse:h-11"
            >
              {SNIPPET_LABELS[each]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <CopyIcon text={snippet(kind, issued, origin)} what={`${SNIPPET_LABELS[kind]} snippet`} onCopied={onSaved} />
      </div>
      {SNIPPET_KINDS.map((each) => (
        <Tabs.Panel key={each} value={each} className="overflow-x-auto p-3 outline-offset-[-3px]">
          <pre className="w-max min-w-full font-mono text-xs leading-5">{snippet(each, shown, origin).trimEnd()}</pre>
        </Tabs.Panel>
      ))}
    </Tabs.Root>
  )
}

function Downloads({ issued, onSaved }: { issued: IssuedSecret; onSaved: () => void }) {
  const save = (kind: 'env' | 'json', type: string) => {
    download(fileName(issued.name, kind), type, snippet(kind, issued, window.location.origin))
    onSaved()
  }
  return (
    <div className="grid grid-cols-2 gap-2">
      <Button className="px-2!" icon={<Download className="size-4" aria-hidden="true" />} onClick={() => save('env', 'text/plain')}>
        <DownloadLabel format=".env" />
      </Button>
      <Button
        className="px-2!"
        icon={<Download className="size-4" aria-hidden="true" />}
        onClick={() => save('json', 'application/json')}
      >
        <DownloadLabel format="JSON" />
      </Button>
    </div>
  )
}

/** On the narrowest phones the icon alone says "download". */
function DownloadLabel({ format }: { format: string }) {
  return (
    <span>
      <span className="max-[23rem]:sr-only">Download </span>
      {format}
    </span>
  )
}

function AskFooter({ onKeep, onClose }: { onKeep: () => void; onClose: () => void }) {
  const keep = useRef<HTMLButtonElement>(null)
  useEffect(() => keep.current?.focus(), [])
  return (
    <DialogFooter>
      <p role="alert" className="flex-1 text-sm font-medium max-sm:order-last max-sm:pb-1">
        The secret was neither copied nor downloaded. It will be gone.
      </p>
      <Button look="danger" onClick={onClose}>
        Close without it
      </Button>
      <Button ref={keep} onClick={onKeep}>
        Go back
      </Button>
    </DialogFooter>
  )
}
