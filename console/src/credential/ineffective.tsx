import type { Credential } from '../api/types'
import { ScopeChip } from '../scope/chip'
import { useScopeCatalogue } from '../scope/catalogue'
import { scopeDifference } from '../scope/difference'
import { useSession } from '../session/session'
import { Notice } from '../ui/notice'
import { owns } from './permission'

/** Names the scopes a credential holds but may not use at present, and why. */
export function IneffectiveScopes({ credential }: { credential: Credential }) {
  const { me } = useSession()
  const catalogue = useScopeCatalogue()
  const idle = scopeDifference(credential.scopes, credential.effective_scopes).removed
  if (idle.length === 0) return null
  const why = (scope: string) =>
    catalogue.data?.byValue.get(scope)?.retired
      ? 'it was retired from the catalogue'
      : `${owns(me, credential) ? 'your' : 'the owner’s'} present role does not allow it`
  return (
    <Notice kind="warn">
      <p className="font-medium">
        {idle.length === 1 ? 'One scope has no effect at present:' : `${idle.length} scopes have no effect at present:`}
      </p>
      <ul className="mt-1 flex flex-col gap-1">
        {idle.map((scope) => (
          <li key={scope} className="flex flex-wrap items-baseline gap-x-2">
            <ScopeChip value={scope} />
            <span>{why(scope)}</span>
          </li>
        ))}
      </ul>
    </Notice>
  )
}
