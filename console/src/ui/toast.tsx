import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from 'react'
import { CircleCheck } from 'lucide-react'

const SHOWN_MS = 5000

const ToastContext = createContext<(message: string) => void>(() => {})

/** Says in a corner of the page, and to screen readers, that something was done. Faults are never toasts. */
export function useToast(): (message: string) => void {
  return useContext(ToastContext)
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toast, setToast] = useState<{ message: string; number: number }>()
  const show = useCallback((message: string) => {
    setToast((previous) => ({ message, number: (previous?.number ?? 0) + 1 }))
  }, [])
  useEffect(() => {
    if (!toast) return
    const timer = setTimeout(() => setToast(undefined), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [toast])
  return (
    <ToastContext value={show}>
      {children}
      <div role="status" className="pointer-events-none fixed inset-x-4 bottom-4 z-50 flex justify-center sm:justify-end">
        {toast && (
          <div
            key={toast.number}
            className="flex max-w-md items-start gap-2.5 rounded-card border border-line bg-surface px-4 py-3 shadow-pop"
          >
            <CircleCheck className="mt-0.5 size-4 shrink-0 text-ok" aria-hidden="true" />
            <span className="min-w-0 break-words">{toast.message}</span>
          </div>
        )}
      </div>
    </ToastContext>
  )
}
