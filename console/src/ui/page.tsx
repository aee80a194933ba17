import { useEffect, useRef, type ReactNode } from 'react'

interface PageHeaderProps {
  title: string
  /** Beside the title. */
  badge?: ReactNode
  actions?: ReactNode
  children?: ReactNode
}

/** The head of a page. It names the document, and takes the focus when the page was gone to from another. */
export function PageHeader({ title, badge, actions, children }: PageHeaderProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Claviger`
  }, [title])
  useEffect(() => {
    if (arrived) heading.current?.focus({ preventScroll: true })
    arrived = true
  }, [])
  return (
    <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
      <div className="min-w-0 flex-[1_1_20rem]">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h1 ref={heading} tabIndex={-1} className="min-w-0 text-xl font-semibold tracking-[-0.015em] break-words outline-none">
            {title}
          </h1>
          {badge}
        </div>
        {children && <div className="mt-1 text-pretty text-muted">{children}</div>}
      </div>
      {/* The title's line is 28 px, a button 36 px: this puts them on one middle. */}
      {actions && <div className="flex flex-wrap gap-2 sm:-mt-1">{actions}</div>}
    </header>
  )
}

/** False until the first page was shown: the browser places the focus on a fresh document itself. */
let arrived = false
