import { Dialog } from '@base-ui/react/dialog'
import { CircleHelp, Menu as MenuIcon, X } from 'lucide-react'
import { useRef, useState, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { IconButton } from '../ui/button'
import { classes } from '../ui/classes'
import { AccountSwitcher } from './account-switcher'
import { isWithin, useEntries, type Entry, type Group } from './entries'
import { PersonMenu, ThemeMenu } from './menus'

interface ShellProps {
  /** Whether the API Credentials area exists for this person. */
  credentialsShown: boolean
  onHelp: () => void
  children: ReactNode
}

/** The frame around every page: navigation at the left (a drawer on a phone), theme and person at the top. */
export function Shell({ credentialsShown, onHelp, children }: ShellProps) {
  const [drawer, setDrawer] = useState(false)
  const [path] = useLocation()
  const entries = useEntries(credentialsShown)
  const here = entries.find((entry) => isWithin(path, entry))
  const navigation = (close?: ReactNode) => (
    <Navigation
      close={close}
      entries={entries}
      here={here}
      onHelp={() => {
        setDrawer(false)
        onHelp()
      }}
      onGo={() => setDrawer(false)}
    />
  )
  return (
    <div className="min-h-dvh min-[72rem]:grid min-[72rem]:grid-cols-[15.25rem_minmax(0,1fr)]">
      <a
        href="#content"
        className="absolute top-2 left-2 z-50 -translate-y-16 rounded-control bg-accent px-3 py-2 text-white focus:translate-y-0"
      >
        Skip to the content
      </a>
      <aside className="sticky top-0 hidden h-dvh flex-col border-r border-line min-[72rem]:flex">{navigation()}</aside>
      <div className="min-w-0">
        <header className="sticky top-0 z-20 flex h-14 items-center gap-1 border-b border-line bg-bg px-4 sm:px-8">
          <IconButton label="Open navigation" onClick={() => setDrawer(true)} className="-ml-2 min-[72rem]:hidden">
            <MenuIcon className="size-5" aria-hidden="true" />
          </IconButton>
          <p className="min-w-0 flex-1 truncate text-muted">
            {here && (
              <>
                <span className="max-sm:hidden">{here.group}</span>
                <span className="mx-2 max-sm:hidden" aria-hidden="true">
                  /
                </span>
                <span className="text-fg">{here.label}</span>
              </>
            )}
          </p>
          <ThemeMenu />
          <PersonMenu />
        </header>
        <main id="content" tabIndex={-1} className="mx-auto max-w-[80rem] px-4 pt-7 pb-20 outline-none sm:px-8">
          {children}
        </main>
      </div>
      <Drawer open={drawer} onClose={() => setDrawer(false)}>
        {navigation}
      </Drawer>
    </div>
  )
}

interface NavigationProps {
  entries: Entry[]
  here: Entry | undefined
  onHelp: () => void
  onGo: () => void
  /** In a drawer, what closes it: beside the account, at the top. */
  close: ReactNode
}

const GROUPS: readonly Group[] = ['Account Settings', 'Personal Settings', 'Resources']

const ENTRY =
  'flex min-h-9 w-full items-center gap-2.5 rounded-control px-2.5 text-left hover:bg-hover pointer-coarse:min-h-11'

function Navigation({ entries, here, onHelp, onGo, close }: NavigationProps) {
  return (
    <>
      <AccountSwitcher onGo={onGo} aside={close} />
      <nav aria-label="Main" className="flex flex-1 flex-col gap-5 overflow-y-auto p-3">
        {GROUPS.map((group) => (
          <div key={group}>
            <h2 className="px-2.5 py-1.5 text-sm text-muted">{group}</h2>
            {entries
              .filter((entry) => entry.group === group)
              .map((entry) => (
                <Link
                  key={entry.path}
                  href={entry.href}
                  onClick={onGo}
                  aria-current={entry === here ? 'page' : undefined}
                  className={classes(ENTRY, entry === here && 'bg-hover')}
                >
                  <entry.Icon className={classes('size-4', entry === here ? 'text-accent-text' : 'text-muted')} aria-hidden="true" />
                  {entry.label}
                </Link>
              ))}
            {group === 'Resources' && (
              <button type="button" onClick={onHelp} className={ENTRY}>
                <CircleHelp className="size-4 text-muted" aria-hidden="true" />
                Help
              </button>
            )}
          </div>
        ))}
      </nav>
    </>
  )
}

interface DrawerProps {
  open: boolean
  onClose: () => void
  /** Gives the content, with the button that closes the drawer in its place. */
  children: (close: ReactNode) => ReactNode
}

function Drawer({ open, onClose, children }: DrawerProps) {
  const close = useRef<HTMLButtonElement>(null)
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-scrim transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Dialog.Popup
          initialFocus={close}
          aria-label="Navigation"
          className="fixed inset-y-0 left-0 z-30 flex w-[min(18rem,85vw)] flex-col border-r border-line bg-bg shadow-dialog transition-[translate] duration-150 ease-out outline-none data-ending-style:-translate-x-full data-starting-style:-translate-x-full"
        >
          {children(
            <IconButton ref={close} label="Close navigation" onClick={onClose}>
              <X className="size-4" aria-hidden="true" />
            </IconButton>,
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
