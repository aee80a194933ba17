import { Combobox } from '@base-ui/react/combobox'
import { Check, ChevronDown, Lock, TriangleAlert, X } from 'lucide-react'
import { useRef, type ReactNode } from 'react'
import type { Scope } from '../api/types'
import { Field, type FieldControl } from '../ui/field'
import { isManagement, matchesScope, nothingOnOffer, type ScopeCatalogue, type ScopeGroup } from './catalogue'
import { ManagementScopes } from './management'

interface ScopePickerProps {
  catalogue: ScopeCatalogue
  value: readonly string[]
  onChange: (scopes: string[]) => void
  error?: string | undefined
}

/** Chooses scopes: a searchable list of those on offer, chips of those chosen, Claviger's own apart. */
export function ScopePicker({ catalogue, value, onChange, error }: ScopePickerProps) {
  const management = value.filter(isManagement)
  const others = value.filter((scope) => !isManagement(scope))
  return (
    <div className="flex flex-col gap-2.5">
      <Field
        label="Scopes"
        error={error}
        hint={
          nothingOnOffer(catalogue) ?? (
            <>
              Give only what this program needs; you can change it later.
              {catalogue.adminOnly > 0 && ` Admins can also give ${catalogue.adminOnly} more.`}
            </>
          )
        }
        aside={
          others.length > 1 && (
            <button
              type="button"
              className="relative rounded-sm text-sm text-muted underline-offset-2 after:absolute hover:text-fg hover:underline pointer-coarse:after:-inset-x-2 pointer-coarse:after:-inset-y-3"
              onClick={() => onChange(management)}
            >
              Clear all
            </button>
          )
        }
      >
        {(control) => (
          <ScopeCombobox
            control={control}
            catalogue={catalogue}
            value={others}
            onChange={(scopes) => onChange([...scopes, ...management])}
          />
        )}
      </Field>
      <ManagementScopes
        offered={catalogue.management}
        value={management}
        onChange={(scopes) => onChange([...others, ...scopes])}
      />
    </div>
  )
}

interface ScopeComboboxProps {
  control: FieldControl
  catalogue: ScopeCatalogue
  value: string[]
  onChange: (scopes: string[]) => void
}

function ScopeCombobox({ control, catalogue, value, onChange }: ScopeComboboxProps) {
  const box = useRef<HTMLDivElement>(null)
  const groupOf = new Map(catalogue.groups.flatMap((group) => group.items.map((scope) => [scope, group.label])))
  const selected = value.map((scope) => catalogue.byValue.get(scope) ?? unknownScope(scope))
  return (
    <Combobox.Root
      multiple
      items={catalogue.groups}
      value={selected}
      onValueChange={(next: Scope[]) => onChange(next.map((scope) => scope.value))}
      isItemEqualToValue={(one: Scope, other: Scope) => one.value === other.value}
      itemToStringLabel={(scope: Scope) => scope.description}
      filter={(scope: Scope, query) => matchesScope(scope, groupOf.get(scope) ?? '', query.trim())}
      // Several scopes are usually added in one go: choosing one leaves the list open.
      onOpenChange={(open, details) => {
        if (!open && details.reason === 'item-press') details.cancel()
      }}
    >
      <Combobox.InputGroup
        ref={box}
        className="field flex cursor-text items-start gap-1 p-1.5 focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-accent-text"
        aria-invalid={control['aria-invalid']}
      >
        <Combobox.Chips
          className="flex min-w-0 flex-1 flex-wrap items-center gap-1.5"
          aria-label={selected.length > 0 ? 'Chosen scopes' : undefined}
        >
          {selected.map((scope) => (
            <ScopeTag key={scope.value} scope={scope} />
          ))}
          <Combobox.Input
            {...control}
            aria-label="Scopes"
            placeholder={selected.length > 0 ? 'Add another…' : 'Search scopes…'}
            className="h-7 min-w-28 flex-1 bg-transparent px-1.5 outline-none placeholder:text-muted placeholder:opacity-100 pointer-coarse:h-8"
          />
        </Combobox.Chips>
        <Combobox.Trigger
          aria-label="Show scopes"
          className="inline-flex size-7 shrink-0 items-center justify-center rounded-[0.375rem] text-muted hover:bg-hover hover:text-fg pointer-coarse:-my-1.5 pointer-coarse:-mr-1.5 pointer-coarse:size-11"
        >
          <ChevronDown className="size-4" aria-hidden="true" />
        </Combobox.Trigger>
      </Combobox.InputGroup>
      <ScopeList anchor={box} nothing={nothingOnOffer(catalogue)} />
    </Combobox.Root>
  )
}

/** A held scope that the catalogue does not tell of stays visible, by its value, and can be removed. */
function unknownScope(value: string): Scope {
  return { value, description: value, api: '', roles: [], retired: true, on_offer: false }
}

function ScopeTag({ scope }: { scope: Scope }) {
  return (
    <Combobox.Chip
      aria-label={scope.description}
      aria-description="Press Backspace or Delete to remove"
      title={scope.value}
      className="flex min-h-7 max-w-full items-center gap-1 rounded-[0.375rem] border border-line bg-sunken pl-2 text-sm outline-none focus-within:border-accent-text data-highlighted:border-accent-text data-highlighted:bg-accent-soft"
    >
      {!scope.on_offer && <TriangleAlert className="size-3.5 shrink-0 text-warn" aria-hidden="true" />}
      <span className="min-w-0 truncate">{scope.description}</span>
      <Combobox.ChipRemove
        aria-label={`Remove ${scope.description}`}
        className="inline-flex size-7 shrink-0 items-center justify-center rounded-[0.375rem] text-muted hover:bg-hover hover:text-fg pointer-coarse:size-11"
      >
        <X className="size-3.5" aria-hidden="true" />
      </Combobox.ChipRemove>
    </Combobox.Chip>
  )
}

interface ScopeListProps {
  anchor: React.RefObject<HTMLDivElement | null>
  /** What is said where there is nothing to choose at all. */
  nothing: string | undefined
}

function ScopeList({ anchor, nothing }: ScopeListProps) {
  return (
    <Combobox.Portal>
      <Combobox.Positioner anchor={anchor} align="start" sideOffset={6} collisionPadding={8} className="z-40 outline-none">
        <Combobox.Popup className="flex max-h-[min(var(--available-height),23rem)] w-(--anchor-width) flex-col overflow-hidden rounded-card border border-line bg-surface shadow-pop transition-opacity duration-[120ms] data-ending-style:opacity-0 data-starting-style:opacity-0">
          <Combobox.Empty>
            <p className="px-3 py-4 text-sm text-muted">
              {nothing ?? 'No scope you may give matches. Clear the search to see all.'}
            </p>
          </Combobox.Empty>
          <Combobox.List aria-label="Scopes on offer" className="min-h-0 scroll-py-8 overflow-y-auto overscroll-contain px-1 pb-1 data-empty:hidden">
            {(group: ScopeGroup) => (
              <Combobox.Group key={group.label} items={group.items}>
                <Combobox.GroupLabel className="sticky top-0 z-10 bg-surface px-2.5 pt-2.5 pb-1 text-xs text-muted">
                  {group.label}
                </Combobox.GroupLabel>
                <Combobox.Collection>{(scope: Scope) => <ScopeOption key={scope.value} scope={scope} />}</Combobox.Collection>
              </Combobox.Group>
            )}
          </Combobox.List>
          <div aria-hidden="true" className="flex gap-3 border-t border-line px-3 py-2 text-xs text-muted pointer-coarse:hidden">
            <span><Key>↑</Key> <Key>↓</Key> move</span>
            <span><Key>Enter</Key> add or remove</span>
            <span><Key>Esc</Key> close</span>
          </div>
        </Combobox.Popup>
      </Combobox.Positioner>
    </Combobox.Portal>
  )
}

function ScopeOption({ scope }: { scope: Scope }) {
  const adminsOnly = !scope.roles.includes('supervisor')
  return (
    <Combobox.Item
      value={scope}
      className="group flex items-start gap-2.5 rounded-control px-2.5 py-2 outline-none select-none data-highlighted:bg-hover"
    >
      <span
        aria-hidden="true"
        className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-[0.25rem] border border-line-strong bg-surface text-white group-data-selected:border-accent group-data-selected:bg-accent"
      >
        <Combobox.ItemIndicator>
          <Check className="size-3" strokeWidth={3} />
        </Combobox.ItemIndicator>
      </span>
      <span className="min-w-0 flex-1">
        <span className="block">{scope.description}</span>
        <span className="mt-0.5 flex flex-wrap items-center gap-x-3 text-xs text-muted">
          <code className="min-w-0 truncate font-mono">{scope.value}</code>
          {adminsOnly && (
            <span className="inline-flex items-center gap-1">
              <Lock className="size-3" aria-hidden="true" />
              Admins only
            </span>
          )}
        </span>
      </span>
    </Combobox.Item>
  )
}

function Key({ children }: { children: ReactNode }) {
  return <kbd className="rounded-[0.25rem] border border-line bg-sunken px-1 font-mono text-[0.6875rem]">{children}</kbd>
}
