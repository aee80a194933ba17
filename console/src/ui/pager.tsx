import { ChevronLeft, ChevronRight } from 'lucide-react'
import { Button } from './button'

interface PagerProps {
  /** The token of the page shown; empty for the first. */
  pageToken: string
  /** Empty on the last page. */
  nextToken: string
  onGo: (pageToken: string, trail: string[]) => void
}

/**
 * Steps through a list whose pages are named by opaque tokens. The server knows only the next one; the way
 * back is kept in the history entry, and a page opened from a bare link goes back to the first.
 */
export function Pager({ pageToken, nextToken, onGo }: PagerProps) {
  if (!pageToken && !nextToken) return null
  const trail = readTrail()
  const previous = trail.at(-1) ?? ''
  return (
    <nav aria-label="Pages" className="mt-4 flex justify-end gap-2">
      <Button
        disabled={!pageToken}
        icon={<ChevronLeft className="size-4" aria-hidden="true" />}
        onClick={() => onGo(previous, trail.slice(0, -1))}
      >
        {pageToken && trail.length === 0 ? 'First page' : 'Previous'}
      </Button>
      <Button disabled={!nextToken} onClick={() => onGo(nextToken, [...trail, pageToken])}>
        Next
        <ChevronRight className="size-4" aria-hidden="true" />
      </Button>
    </nav>
  )
}

function readTrail(): string[] {
  const state = window.history.state as { trail?: unknown } | null
  const trail = Array.isArray(state?.trail) ? state.trail : []
  return trail.every((token) => typeof token === 'string') ? trail : []
}
