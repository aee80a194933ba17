import { LogOut, Monitor, Moon, ShieldCheck, Sun } from 'lucide-react'
import { useRef } from 'react'
import { useLocation } from 'wouter'
import { usePaths } from '../session/paths'
import { useSession } from '../session/session'
import { chooseTheme, useTheme, type Theme } from '../theme/theme'
import { IconButton } from '../ui/button'
import { Menu, MenuChoices, MenuItem, MenuSeparator } from '../ui/menu'

const THEMES: readonly { value: Theme; label: string }[] = [
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
  { value: 'system', label: 'System' },
]
const THEME_ICONS = { light: Sun, dark: Moon, system: Monitor }

export function ThemeMenu() {
  const theme = useTheme()
  const Icon = THEME_ICONS[theme]
  return (
    <Menu
      trigger={
        <IconButton label="Theme">
          <Icon className="size-4" aria-hidden="true" />
        </IconButton>
      }
    >
      <MenuChoices label="Theme" value={theme} choices={THEMES} onChoose={chooseTheme} />
    </Menu>
  )
}

/** Who is signed in, and the way out. */
export function PersonMenu() {
  const { me } = useSession()
  const paths = usePaths()
  const [, go] = useLocation()
  const form = useRef<HTMLFormElement>(null)
  return (
    <>
      <Menu
        trigger={
          <button
            type="button"
            className="relative ml-1 flex size-8 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent-text pointer-coarse:after:absolute pointer-coarse:after:-inset-1.5"
          >
            <span aria-hidden="true">{initials(me.name || me.email)}</span>
            <span className="sr-only">Signed in as {me.name || me.email}</span>
          </button>
        }
      >
        <div className="px-2.5 py-1.5">
          {me.name && <p className="truncate font-medium">{me.name}</p>}
          <p className="truncate text-sm text-muted">{me.email}</p>
        </div>
        <MenuSeparator />
        <MenuItem icon={<ShieldCheck />} onClick={() => go(paths.security())}>
          Security
        </MenuItem>
        <MenuItem icon={<LogOut />} onClick={() => form.current?.requestSubmit()}>
          Sign out
        </MenuItem>
      </Menu>
      {/* A form, not a script request: signing out leaves the page. */}
      <form ref={form} method="post" action="/sign-out" hidden />
    </>
  )
}

/** The first letters of the first and last word, or of what stands before an e-mail address's "@". */
function initials(name: string): string {
  const words = (name.split('@')[0] ?? '').split(/[\s._-]+/).filter(Boolean)
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  return letters.map((word) => [...(word ?? '')][0] ?? '').join('').toUpperCase()
}
