import { ChevronDown } from 'lucide-react'
import { buttonClasses } from './button'
import { Menu, MenuChoices, type Choice } from './menu'

interface ChoiceButtonProps<Value extends string> {
  /** What is chosen, read out before the present choice: "Status: Active". */
  label: string
  value: Value
  choices: readonly Choice<Value>[]
  onChoose: (value: Value) => void
}

/** A button that shows the present choice and opens the others; for filters. */
export function ChoiceButton<Value extends string>({ label, value, choices, onChoose }: ChoiceButtonProps<Value>) {
  const shown = choices.find((choice) => choice.value === value)?.label ?? value
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" aria-label={`${label}: ${shown}`} className={buttonClasses('secondary', 'font-normal')}>
          {shown}
          <ChevronDown className="size-4 text-muted" aria-hidden="true" />
        </button>
      }
    >
      <MenuChoices label={label} value={value} choices={choices} onChoose={onChoose} />
    </Menu>
  )
}
