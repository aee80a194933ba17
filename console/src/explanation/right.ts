import type { Me } from '../api/types'

/** Whether the person may ask why a program was refused; the server judges again when they do. */
export function mayExplain(me: Me): boolean {
  return me.role === 'admin' && me.scopes.includes('claviger:audit:read')
}
