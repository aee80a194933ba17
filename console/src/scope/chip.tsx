import { classes } from '../ui/classes'

const CHIP =
  'inline-block max-w-full truncate rounded-[0.375rem] border border-line bg-sunken px-1.5 py-0.5 font-mono text-xs leading-4 text-fg'

/** A scope value, as programs write it. `struck` marks one that has no effect at present. */
export function ScopeChip({ value, struck = false }: { value: string; struck?: boolean }) {
  return (
    <code className={classes(CHIP, struck && 'text-muted line-through')} title={value}>
      {value}
    </code>
  )
}

/** The first scopes of a credential, and how many more it has. */
export function ScopeChips({ scopes, shown = 2 }: { scopes: readonly string[]; shown?: number }) {
  const rest = scopes.slice(shown)
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-1">
      {scopes.slice(0, shown).map((scope) => (
        <ScopeChip key={scope} value={scope} />
      ))}
      {rest.length > 0 && (
        <span className={classes(CHIP, 'font-sans text-muted')} title={rest.join(' ')}>
          +{rest.length}
          <span className="sr-only"> more</span>
        </span>
      )}
    </span>
  )
}
