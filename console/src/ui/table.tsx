import type { ReactNode } from 'react'
import { classes } from './classes'

/** The head of a column. */
export function ColumnHead({ className, children }: { className?: string | undefined; children: ReactNode }) {
  return (
    <th scope="col" className={classes(COLUMN_HEAD, className)}>
      {children}
    </th>
  )
}

/** Classes of a column's head, for those that do more than name it. */
export const COLUMN_HEAD = 'h-9 px-3 font-normal whitespace-nowrap'

/** Classes of a table's head. */
export const TABLE_HEAD = 'border-b border-line bg-bg text-sm text-muted'

/** Classes of a row that can be pressed anywhere. */
export const TABLE_ROW = 'relative h-[3.75rem] transition-colors duration-[120ms] hover:bg-hover/60'
