import { Boxes, Building2, KeyRound, MessageCircleQuestionMark, ScrollText, ShieldCheck, Users, type LucideIcon } from 'lucide-react'
import { mayExplain } from '../explanation/right'
import { ACCOUNT_PATH, AUDIT_LOG_PATH, CREDENTIALS_PATH, EXPLANATION_PATH, SCOPES_PATH, SECURITY_PATH, USERS_PATH, usePaths } from '../session/paths'
import { useSession } from '../session/session'

/** Under what the navigation lists a page. */
export type Group = 'Account Settings' | 'Personal Settings' | 'Resources'

/** A page of the settings, as navigation and head of the page name it. */
export interface Entry {
  group: Group
  label: string
  /** Where its addresses begin. */
  path: string
  href: string
  Icon: LucideIcon
}

const ACCOUNT = { group: 'Account Settings' } as const

/** The pages there are for this person, in the order of the navigation. */
export function useEntries(credentialsShown: boolean): Entry[] {
  const { me } = useSession()
  const paths = usePaths()
  const entries: (Entry | false)[] = [
    credentialsShown && { ...ACCOUNT, label: 'API Credentials', path: CREDENTIALS_PATH, href: paths.credentials(), Icon: KeyRound },
    { ...ACCOUNT, label: 'Scopes & APIs', path: SCOPES_PATH, href: paths.scopes(), Icon: Boxes },
    me.role === 'admin' && { ...ACCOUNT, label: 'Audit log', path: AUDIT_LOG_PATH, href: paths.auditLog(), Icon: ScrollText },
    me.role === 'admin' && { ...ACCOUNT, label: 'Users', path: USERS_PATH, href: paths.users(), Icon: Users },
    me.role !== 'agent' && { ...ACCOUNT, label: 'Account', path: ACCOUNT_PATH, href: paths.account(), Icon: Building2 },
    { group: 'Personal Settings', label: 'Security', path: SECURITY_PATH, href: paths.security(), Icon: ShieldCheck },
    mayExplain(me) && { group: 'Resources', label: 'Why was I refused?', path: EXPLANATION_PATH, href: paths.explain(), Icon: MessageCircleQuestionMark },
  ]
  return entries.filter((entry) => entry !== false)
}

/** Whether an address is the entry's page or one below it. */
export function isWithin(path: string, entry: Entry): boolean {
  return path === entry.path || path.startsWith(`${entry.path}/`)
}
