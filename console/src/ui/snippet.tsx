import { CopyIcon } from './copy'

/** A block of text to paste, with its copy button. It can be scrolled by keyboard. */
export function Snippet({ text, what }: { text: string; what: string }) {
  return (
    <div className="flex items-start rounded-control border border-line bg-sunken">
      <div tabIndex={0} role="group" aria-label={what} className="min-w-0 flex-1 overflow-x-auto rounded-control p-3">
        <pre className="w-max min-w-full font-mono text-xs leading-5">{text}</pre>
      </div>
      <CopyIcon text={text} what={what} className="m-1" />
    </div>
  )
}
