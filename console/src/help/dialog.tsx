import { BookOpen, FileJson, LifeBuoy, MessageSquare, Scale } from 'lucide-react'
import { useRef, type ReactNode } from 'react'
import { FirstCall } from '../credential/empty'
import { Button } from '../ui/button'
import { Dialog, DialogBody, DialogFooter, DialogHeader } from '../ui/dialog'

/** How API credentials work, on one sheet, with the way to the reference. */
export default function HelpDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const close = useRef<HTMLButtonElement>(null)
  const licences = document.querySelector<HTMLLinkElement>('link[rel="license"]')?.href
  const support = configured('claviger-support-url')
  const feedback = configured('claviger-documentation-feedback-url')
  return (
    <Dialog open={open} onClose={onClose} initialFocus={close} wide>
      <DialogHeader title="How it works" onClose={onClose}>
        An API credential is a client ID, its client secrets, a name and scopes.
      </DialogHeader>
      <DialogBody>
        <FirstCall />
        <div>
          <h3 className="font-medium">Good to know</h3>
          <ul className="mt-1.5 flex list-disc flex-col gap-1 pl-5 text-muted">
            <li>A user-level credential can do no more than its owner’s role allows, at every call.</li>
            <li>To change a secret without a break, rotate it: the old one keeps working for as long as you say.</li>
            <li>Disabling can be undone; deleting cannot. Both stop tokens already issued.</li>
            <li>Nobody can read a secret after it was shown, not even an admin.</li>
          </ul>
        </div>
        <ul className="flex flex-wrap gap-x-5 gap-y-1">
          {support && (
            <HelpLink href={support} icon={<LifeBuoy />}>
              Support
            </HelpLink>
          )}
          <HelpLink href="/api/v1/docs" icon={<BookOpen />}>
            API reference
          </HelpLink>
          <HelpLink href="/api/v1/openapi.json" icon={<FileJson />}>
            OpenAPI document
          </HelpLink>
          {feedback && (
            <HelpLink href={feedback} icon={<MessageSquare />}>
              Feedback on the documentation
            </HelpLink>
          )}
          {licences && (
            <HelpLink href={licences} icon={<Scale />}>
              Licences
            </HelpLink>
          )}
        </ul>
      </DialogBody>
      <DialogFooter>
        <Button ref={close} onClick={onClose}>
          Close
        </Button>
      </DialogFooter>
    </Dialog>
  )
}

/** An address that the operator configured; the server writes it into the page. */
function configured(name: string): string | undefined {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content
}

function HelpLink({ href, icon, children }: { href: string; icon: ReactNode; children: ReactNode }) {
  return (
    <li>
      <a
        href={href}
        target="_blank"
        rel="noreferrer"
        className="inline-flex min-h-6 items-center gap-1.5 rounded-sm text-accent-text underline underline-offset-2 pointer-coarse:min-h-11 [&>svg]:size-4"
      >
        <span aria-hidden="true" className="[&>svg]:size-4">
          {icon}
        </span>
        {children}
        <span className="sr-only"> (opens in a new tab)</span>
      </a>
    </li>
  )
}
