import type { Credential } from '../api/types'
import { ScopeChips } from '../scope/chip'
import { Conflict as BothVersions } from '../ui/conflict'
import { Ago } from '../ui/time'
import { draftOf, type CredentialDraft } from './draft'
import { limitsOf, limitWords } from './limits'

interface ConflictProps {
  mine: CredentialDraft
  /** What the person's change started from. */
  base: Credential
  /** What somebody else saved meanwhile. */
  saved: Credential
  onKeep: () => void
  onTake: () => void
}

/** Both versions of a credential that somebody else saved meanwhile. */
export function Conflict({ mine, base, saved, onKeep, onTake }: ConflictProps) {
  const theirs = draftOf(saved)
  const was = draftOf(base)
  const rows = [
    { field: 'Name', was: was.name, mine: mine.name.trim(), theirs: theirs.name },
    { field: 'Scopes', was: words(was.scopes), mine: words(mine.scopes), theirs: words(theirs.scopes) },
    { field: 'Expires', was: was.expires || 'Never', mine: mine.expires || 'Never', theirs: theirs.expires || 'Never' },
    { field: 'Name in the certificate', was: was.subject, mine: mine.subject.trim(), theirs: theirs.subject },
    ...limitRows(base, mine, saved),
  ].filter((row) => row.mine !== row.theirs || row.theirs !== row.was)
  return (
    <BothVersions
      title="Somebody saved this credential while you were editing"
      rows={rows.map((row) => ({ field: row.field, mine: cell(row.field, row.mine), saved: cell(row.field, row.theirs) }))}
      onKeep={onKeep}
      onTake={onTake}
    >
      Saved <Ago time={saved.updated_at} />. Nothing of yours was saved yet; choose which version to go on with.
    </BothVersions>
  )
}

function limitRows(base: Credential, mine: CredentialDraft, saved: Credential) {
  const was = limitWords(base)
  const theirs = limitWords(saved)
  return limitWords(limitsOf(mine.limits)).map(({ name, words }, place) => ({
    field: name,
    was: was[place]?.words ?? '',
    mine: words,
    theirs: theirs[place]?.words ?? '',
  }))
}

function cell(field: string, text: string) {
  return field === 'Scopes' ? <ScopeChips scopes={text.split(' ')} shown={100} /> : text
}

function words(scopes: readonly string[]): string {
  return [...scopes].sort().join(' ')
}
