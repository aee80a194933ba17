/** Claviger's mark: a key. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" className="size-7 shrink-0" aria-hidden="true">
      <rect width="32" height="32" rx="8" className="fill-accent" />
      <g fill="none" stroke="#fff" strokeWidth="2.4" strokeLinecap="round" strokeLinejoin="round">
        <circle cx="12.2" cy="19.8" r="4.6" />
        <path d="M15.6 16.4 24 8M20.4 11.6l3.2 3.2" />
      </g>
    </svg>
  )
}
