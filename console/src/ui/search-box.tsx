import { Search } from 'lucide-react'
import { useEffect, useRef, useState, type RefObject } from 'react'

interface SearchBoxProps {
  /** What can be typed, as the placeholder says it: "Name or client ID". */
  what: string
  value: string
  onSearch: (search: string) => void
  maxLength?: number
  wide?: boolean
}

/** A page's search box: "/" goes to it, and what is typed is handed on when typing pauses. */
export function SearchBox({ what, value, onSearch, maxLength = 128, wide = false }: SearchBoxProps) {
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = usePausedText(value, onSearch)
  useSlashKey(input)
  return (
    <div className={wide ? 'relative w-full sm:w-[28rem]' : 'relative w-full sm:w-72 lg:w-80'}>
      <Search className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted" aria-hidden="true" />
      <input
        ref={input}
        type="search"
        aria-label={`Search: ${what}`}
        aria-keyshortcuts="/"
        placeholder={what}
        maxLength={maxLength}
        autoCapitalize="off"
        spellCheck={false}
        className="field pr-9 pl-9 [&::-webkit-search-cancel-button]:hidden"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onSearch(text)
          if (event.key === 'Escape' && text !== '') onSearch('')
        }}
      />
      <kbd
        aria-hidden="true"
        className="pointer-events-none absolute top-1/2 right-2.5 -translate-y-1/2 rounded-[0.25rem] border border-line bg-sunken px-1.5 font-mono text-xs text-muted pointer-coarse:hidden"
      >
        /
      </kbd>
    </div>
  )
}

/** A search box's text, handed on when typing pauses. */
function usePausedText(value: string, onPause: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(value)
  const latest = useRef(onPause)
  useEffect(() => {
    latest.current = onPause
  })
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => latest.current(text), 250)
    return () => clearTimeout(timer)
  }, [text, value])
  return [text, setText]
}

/** "/" puts the focus on the search box, unless something is being typed or a dialog is open. */
function useSlashKey(input: RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      const typing = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return
      if (document.querySelector('[role="dialog"]')) return
      event.preventDefault()
      input.current?.focus()
      input.current?.select()
    }
    window.addEventListener('keydown', focus)
    return () => window.removeEventListener('keydown', focus)
  }, [input])
}
