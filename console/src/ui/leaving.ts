import { useEffect } from 'react'

/** While something unsaved would be lost, the browser asks before the page is left or reloaded. */
export function useAskBeforeLeaving(changed: boolean): void {
  useEffect(() => {
    if (!changed) return
    const stay = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', stay)
    return () => window.removeEventListener('beforeunload', stay)
  }, [changed])
}
