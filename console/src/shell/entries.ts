import { Boxes, KeyRound, ScrollText, Users, type LucideIcon } from 'lucide-react'
import { AUDIT_LOG_PATH, CREDENTIALS_PATH, SCOPES_PATH, USERS_PATH, usePaths } from '../session/paths'
import { useSession } from '../session/session'

/** A page of the account's settings, as navigation and head of the page name it. */
export interface Entry {
  label: string
  /** Where its addresses begin. */
  path: string
  href: string
  Icon: LucideIcon
}

/** The pages there are for this person, in the order of the navigation. */
export function useEntries(credentialsShown: boolean): Entry[] {
  const { me } = useSession()
  const paths = usePaths()
  const entries: (Entry | false)[] = [
    credentialsShown && { label: 'API Credentials', path: CREDENTIALS_PATH, href: paths.credentials(), Icon: KeyRound },
    { label: 'Scopes & APIs', path: SCOPES_PATH, href: paths.scopes(), Icon: Boxes },
    me.role === 'admin' && { label: 'Audit log', path: AUDIT_LOG_PATH, href: paths.auditLog(), Icon: ScrollText },
    me.role === 'admin' && { label: 'Users', path: USERS_PATH, href: paths.users(), Icon: Users },
  ]
  return entries.filter((entry) => entry !== false)
}

/** Whether an address is the entry's page or one below it. */
export function isWithin(path: string, entry: Entry): boolean {
  return path === entry.path || path.startsWith(`${entry.path}/`)
}
