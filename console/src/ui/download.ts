const REVOKE_MS = 2_000

/** Hands a file made in the page to the browser, which saves it. */
export function download(name: string, type: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = name
  link.click()
  // Not at once: some browsers read the file only after this task.
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_MS)
}
