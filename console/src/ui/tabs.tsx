import { Tabs } from '@base-ui/react/tabs'
import type { ReactNode } from 'react'

interface TabBarProps<Value extends string> {
  label: string
  value: Value
  onChoose: (value: Value) => void
  children: ReactNode
}

/** Tabs over a page's content, which the page itself changes. */
export function TabBar<Value extends string>({ label, value, onChoose, children }: TabBarProps<Value>) {
  return (
    <Tabs.Root value={value} onValueChange={(next: Value) => onChoose(next)} className="mb-4 border-b border-line">
      <Tabs.List aria-label={label} className="flex gap-5">
        {children}
      </Tabs.List>
    </Tabs.Root>
  )
}

/** One tab, with how many things it has. */
export function Tab({ value, count, children }: { value: string; count?: string | undefined; children: ReactNode }) {
  return (
    <Tabs.Tab
      value={value}
      className="-mb-px flex h-10 items-center gap-2 border-b-2 border-transparent text-muted hover:text-fg data-active:border-accent data-active:font-medium data-active:text-fg pointer-coarse:h-11"
    >
      {children}
      {count && <span className="rounded-md bg-sunken px-1.5 py-0.5 text-xs text-muted">{count}</span>}
    </Tabs.Tab>
  )
}
