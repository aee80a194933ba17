import { useEffect, useRef, type ReactNode } from 'react'
import { Button } from './button'

export interface ConflictRow {
  field: string
  mine: ReactNode
  saved: ReactNode
}

interface ConflictProps {
  title: string
  children: ReactNode
  rows: readonly ConflictRow[]
  onKeep: () => void
  onTake: () => void
}

/** Shows both versions when somebody saved in between, and lets the person choose which to go on with. */
export function Conflict({ title, children, rows, onKeep, onTake }: ConflictProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <div role="alert" className="rounded-control border border-warn-line bg-warn-soft p-4">
      <h3 ref={heading} tabIndex={-1} className="font-semibold outline-none">
        {title}
      </h3>
      <p className="mt-0.5 text-sm">{children}</p>
      <table className="mt-3 w-full table-fixed text-left text-sm">
        <thead>
          <tr className="text-muted">
            <th scope="col" className="pr-3 font-normal">
              Yours
            </th>
            <th scope="col" className="font-normal">
              Saved now
            </th>
          </tr>
        </thead>
        {rows.map((row) => (
          <tbody key={row.field} className="align-top">
            <tr>
              <th scope="rowgroup" colSpan={2} className="pt-2 font-medium">
                {row.field}
              </th>
            </tr>
            <tr>
              <td className="pr-3 break-words">{row.mine}</td>
              <td className="break-words">{row.saved}</td>
            </tr>
          </tbody>
        ))}
      </table>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button onClick={onKeep}>Keep mine</Button>
        <Button onClick={onTake}>Take what is saved</Button>
      </div>
    </div>
  )
}
