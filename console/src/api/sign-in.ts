/** The sign-in page, which comes back to where the person is. */
export function signInPath(): string {
  return `/sign-in?return_to=${encodeURIComponent(window.location.pathname + window.location.search)}`
}
