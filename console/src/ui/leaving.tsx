import { createContext, useCallback, useContext, useEffect, useRef, useState, type ReactNode } from 'react'
import { Router, type AroundNavHandler } from 'wouter'
import { Button } from './button'
import { Dialog, DialogBody, DialogFooter, DialogHeader } from './dialog'

/** Holds the page until the returned function lets it go. */
type Hold = () => () => void

const HoldContext = createContext<Hold>(() => () => {})

/** While something unsaved would be lost, leaving the page asks first: within the console, and out of it. */
export function useAskBeforeLeaving(changed: boolean): void {
  const hold = useContext(HoldContext)
  useEffect(() => {
    if (!changed) return
    const release = hold()
    const stay = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', stay)
    return () => {
      release()
      window.removeEventListener('beforeunload', stay)
    }
  }, [changed, hold])
}

/**
 * Asks before a page with something unsaved is left for another of the console. A step that replaces the
 * page's own place in the history is the page's doing, as when what it showed was deleted: it is not asked about.
 */
export function LeavingGuard({ children }: { children: ReactNode }) {
  const holders = useRef(new Set<object>())
  const [open, setOpen] = useState(false)
  const onward = useRef<() => void>(undefined)
  const hold = useCallback<Hold>(() => {
    const holder = {}
    holders.current.add(holder)
    return () => holders.current.delete(holder)
  }, [])
  const ask = useCallback((go: () => void) => {
    onward.current = go
    setOpen(true)
  }, [])
  const around = useCallback<AroundNavHandler>(
    (navigate, to, options) => {
      if (holders.current.size === 0 || options?.replace || isHere(to)) navigate(to, options)
      else ask(() => navigate(to, options))
    },
    [ask],
  )
  useAskBeforeGoingBack(holders, ask)
  const stay = () => {
    onward.current = undefined
    setOpen(false)
  }
  // Only when the dialog is gone and has handed the focus back: the next page places it anew.
  const closed = () => {
    const go = onward.current
    onward.current = undefined
    go?.()
  }
  return (
    <HoldContext value={hold}>
      <Router aroundNav={around}>{children}</Router>
      <LeavingDialog
        open={open}
        onStay={stay}
        onLeave={() => {
          holders.current.clear()
          setOpen(false)
        }}
        onClosed={closed}
      />
    </HoldContext>
  )
}

interface LeavingDialogProps {
  open: boolean
  onStay: () => void
  onLeave: () => void
  onClosed: () => void
}

function LeavingDialog({ open, onStay, onLeave, onClosed }: LeavingDialogProps) {
  const stay = useRef<HTMLButtonElement>(null)
  return (
    <Dialog open={open} onClose={onStay} onClosed={onClosed} initialFocus={stay} above>
      <DialogHeader title="Leave without saving?" />
      <DialogBody>
        <p>What you changed on this page is not saved. It is lost when you leave.</p>
      </DialogBody>
      <DialogFooter>
        <Button look="danger" onClick={onLeave}>
          Leave
        </Button>
        <Button ref={stay} onClick={onStay}>
          Stay
        </Button>
      </DialogFooter>
    </Dialog>
  )
}

/** Whether an address is of the page that is shown, in the same account: a filter or a tab of it at most. */
function isHere(to: string | URL): boolean {
  const there = new URL(to, window.location.href)
  const account = (url: URL) => url.searchParams.get('account')
  return there.pathname === window.location.pathname && account(there) === account(new URL(window.location.href))
}

/** The part of the Navigation API that is used; not every browser has it. */
interface Navigation extends EventTarget {
  traverseTo: (key: string) => void
}
interface NavigateEvent extends Event {
  navigationType: string
  destination: { url: string; key: string }
}

/** Back and forward, which the browser does itself: asked about where it lets us. */
function useAskBeforeGoingBack(holders: { readonly current: ReadonlySet<object> }, ask: (go: () => void) => void): void {
  useEffect(() => {
    const navigation = (window as { navigation?: Navigation }).navigation
    if (!navigation) return
    const hold = (event: Event) => {
      const { navigationType, destination } = event as NavigateEvent
      if (navigationType !== 'traverse' || !event.cancelable || holders.current.size === 0 || isHere(destination.url)) return
      event.preventDefault()
      ask(() => navigation.traverseTo(destination.key))
    }
    navigation.addEventListener('navigate', hold)
    return () => navigation.removeEventListener('navigate', hold)
  }, [holders, ask])
}
