import { useId, type ReactNode } from 'react'

interface CardProps {
  title: string
  actions?: ReactNode
  children: ReactNode
}

/** A titled part of a page. */
export function Card({ title, actions, children }: CardProps) {
  const id = useId()
  return (
    <section aria-labelledby={id} className="min-w-0 rounded-card border border-line bg-surface p-4 sm:p-5">
      <div className="mb-4 flex flex-wrap items-center justify-between gap-2">
        <h2 id={id} className="text-lg leading-6 font-semibold tracking-[-0.01em]">
          {title}
        </h2>
        {actions}
      </div>
      {children}
    </section>
  )
}
