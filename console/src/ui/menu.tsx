import { Menu as Base } from '@base-ui/react/menu'
import { Check } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { classes } from './classes'

const ITEM =
  'flex min-h-9 items-center gap-2.5 rounded-[0.375rem] px-2.5 py-1.5 outline-none select-none data-highlighted:bg-hover data-disabled:opacity-55 pointer-coarse:min-h-11'

interface MenuProps {
  trigger: ReactElement
  align?: 'start' | 'end'
  children: ReactNode
}

/** A button that opens a list of actions or choices; arrow keys and the first letter move in it. */
export function Menu({ trigger, align = 'end', children }: MenuProps) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner align={align} sideOffset={6} collisionPadding={4} className="z-40 outline-none">
          <Base.Popup className="max-h-(--available-height) min-w-[max(11rem,var(--anchor-width))] max-w-[min(22rem,var(--available-width))] overflow-y-auto rounded-[0.625rem] border border-line bg-surface p-1 shadow-pop transition-opacity duration-[120ms] outline-none data-ending-style:opacity-0 data-starting-style:opacity-0">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

interface MenuItemProps {
  icon?: ReactNode
  danger?: boolean
  disabled?: boolean
  onClick: () => void
  children: ReactNode
}

export function MenuItem({ icon, danger = false, disabled = false, onClick, children }: MenuItemProps) {
  return (
    <Base.Item disabled={disabled} onClick={onClick} className={classes(ITEM, danger && 'text-bad')}>
      {icon && (
        <span aria-hidden="true" className={classes('[&>svg]:size-4', !danger && 'text-muted')}>
          {icon}
        </span>
      )}
      {children}
    </Base.Item>
  )
}

export function MenuSeparator() {
  return <Base.Separator className="mx-1 my-1 h-px bg-line" />
}

export interface Choice<Value extends string> {
  value: Value
  label: string
  detail?: string
}

interface MenuChoicesProps<Value extends string> {
  label: string
  /** Shown above the choices; otherwise the label is only read out. */
  showLabel?: boolean
  value: Value
  choices: readonly Choice<Value>[]
  onChoose: (value: Value) => void
}

export function MenuChoices<Value extends string>({ label, showLabel, value, choices, onChoose }: MenuChoicesProps<Value>) {
  return (
    <Base.RadioGroup value={value} onValueChange={(next: Value) => onChoose(next)} aria-label={label}>
      {showLabel && (
        <div aria-hidden="true" className="px-2.5 pt-2 pb-1 text-xs text-muted">
          {label}
        </div>
      )}
      {choices.map((choice) => (
        <Base.RadioItem key={choice.value} value={choice.value} closeOnClick className={ITEM}>
          <span className="min-w-0 flex-1">
            <span className="block truncate">{choice.label}</span>
            {choice.detail && <span className="block truncate text-xs text-muted">{choice.detail}</span>}
          </span>
          <Base.RadioItemIndicator className="text-accent-text">
            <Check className="size-4" aria-hidden="true" />
          </Base.RadioItemIndicator>
        </Base.RadioItem>
      ))}
    </Base.RadioGroup>
  )
}
