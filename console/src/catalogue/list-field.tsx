import { useState } from 'react'
import { listOf, TextField } from './fields'

interface ListFieldProps {
  label: string
  value: readonly string[]
  onChange: (value: string[]) => void
  error?: string | undefined
  hint?: string
  placeholder?: string
  /** How what is typed is spelt: methods in capitals. */
  spell?: (text: string) => string
}

/** A list typed into one line. What is typed stays as it is, commas and all, until the list is changed elsewhere. */
export function ListField({ value, onChange, spell = (text) => text, ...rest }: ListFieldProps) {
  const [typed, setTyped] = useState(value.join(', '))
  const shown = listOf(typed).join() === value.join() ? typed : value.join(', ')
  return (
    <TextField
      {...rest}
      mono
      value={shown}
      onChange={(text) => {
        setTyped(spell(text))
        onChange(listOf(spell(text)))
      }}
    />
  )
}
