import { useSyncExternalStore } from 'react'

/** What the person chose: a fixed theme, or whatever the system says. */
export type Theme = 'light' | 'dark' | 'system'

const STORAGE_KEY = 'claviger-theme'
const CHANGED = 'claviger-theme-changed'

function current(): Theme {
  const chosen = document.documentElement.dataset.theme
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system'
}

function subscribe(notify: () => void): () => void {
  window.addEventListener(CHANGED, notify)
  return () => window.removeEventListener(CHANGED, notify)
}

/** Applies a theme at once and remembers it in this browser. */
export function chooseTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  try {
    if (theme === 'system') localStorage.removeItem(STORAGE_KEY)
    else localStorage.setItem(STORAGE_KEY, theme)
  } catch {
    // Storage may be blocked; the choice then lasts until the page is left.
  }
  window.dispatchEvent(new Event(CHANGED))
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, current)
}
