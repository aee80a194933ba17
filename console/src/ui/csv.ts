/** What a cell may hold; null and undefined are empty. */
export type Cell = string | number | null | undefined

/** Spreadsheets take a text that begins so for a formula, in ASCII and in full width. */
const FORMULA = /^[\s"']*[=+\-@＝＋－＠]|^[\t\r\n]/

/**
 * Rows as CSV (RFC 4180). Names and labels are chosen by people, and a spreadsheet would run one that begins
 * like a formula: such a text is given an apostrophe, which makes it a text again (rule S30).
 */
export function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => row.map(cellText).join(',') + '\r\n').join('')
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell === 'number') return String(cell)
  const text = FORMULA.test(cell) ? `'${cell}` : cell
  return /[",\r\n']|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
