import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { Versioned } from '../api/client'
import { formFaults, Problem } from '../api/problem'
import { FormProblem } from '../credential/form-problem'
import { useSession } from '../session/session'
import { Button } from '../ui/button'
import { Dialog, DialogBody, DialogFooter, DialogHeader } from '../ui/dialog'
import { Notice } from '../ui/notice'
import { useToast } from '../ui/toast'
import { ChangeList } from './change-list'
import { StaleView } from './stale'
import type { Change } from './difference'
import { written, type Document } from './document'
import { faultsOf, heldScopes } from './fault'
import { catalogueKey, readCatalogue, saveCatalogue } from './queries'
import type { Work } from './work'

interface ReviewDialogProps {
  open: boolean
  work: Work
  changes: readonly Change[]
  onClose: () => void
  /** The server found faults: each stands beside its field now. */
  onFaults: () => void
}

/** Shows what saving changes, saves it, and says what stands in the way. */
export function ReviewDialog({ open, work, changes, onClose, onFaults }: ReviewDialogProps) {
  const cancel = useRef<HTMLButtonElement>(null)
  const saving = useSaving(work, onClose, onFaults)
  const close = () => {
    saving.clear()
    onClose()
  }
  return (
    <Dialog open={open} onClose={close} onClosed={goToFault} initialFocus={cancel} sticky wide>
      {saving.newer ? (
        <StaleView work={work} newer={saving.newer} onDone={saving.clear} />
      ) : (
        <>
          <DialogHeader title="Review changes" onClose={close}>
            Saving counts in every account of the installation, on tokens already issued too.
          </DialogHeader>
          <DialogBody className="gap-4">
            {saving.held.length > 0 ? (
              <HeldNotice work={work} held={saving.held} onDone={saving.clear} />
            ) : (
              <FormProblem error={saving.error} message={formFaults(saving.error, []).general} />
            )}
            <ChangeList changes={changes} holders />
          </DialogBody>
          <DialogFooter>
            <Button ref={cancel} onClick={close}>
              Go on editing
            </Button>
            <Button look="primary" busy={saving.busy} disabled={!work.changed || saving.held.length > 0} onClick={saving.save}>
              Save catalogue
            </Button>
          </DialogFooter>
        </>
      )}
    </Dialog>
  )
}

interface HeldNoticeProps {
  work: Work
  held: readonly string[]
  onDone: () => void
}

/** After a refusal the focus goes to the first field that is wrong; the dialog would give it to its button. */
function goToFault() {
  const field = document.querySelector<HTMLElement>('main [aria-invalid="true"]')
  field?.focus()
  field?.scrollIntoView({ block: 'center' })
}

/** A scope that somebody holds cannot be dropped; retired, it stops as well, and can be explained. */
function HeldNotice({ work, held, onDone }: HeldNoticeProps) {
  const retire = () => {
    const { draft, base } = work
    const back = base.value.scopes.filter(({ value }) => held.includes(value)).map((scope) => ({ ...scope, retired: true }))
    const missing = new Set(back.map(({ api }) => api).filter((id) => !draft.apis.some((api) => api.id === id)))
    const apis = base.value.apis.filter(({ id }) => missing.has(id)).map((api) => ({ ...api, retired: true }))
    work.replace({ apis: [...draft.apis, ...apis], scopes: [...draft.scopes, ...back] })
    onDone()
  }
  return (
    <Notice kind="bad">
      <p>
        API credentials still hold <span className="font-mono text-xs break-all">{held.join(', ')}</span>, in this account or
        another. Nothing was saved. Retire {held.length === 1 ? 'it' : 'them'} instead: credentials keep the value, and it
        grants nothing.
      </p>
      <Button className="mt-2" onClick={retire}>
        Retire instead of removing
      </Button>
    </Notice>
  )
}

interface Saving {
  busy: boolean
  error: unknown
  /** Dropped scopes that credentials still hold. */
  held: readonly string[]
  /** What somebody else saved meanwhile. */
  newer: Versioned<Document> | undefined
  save: () => void
  clear: () => void
}

function useSaving(work: Work, onSaved: () => void, onFaults: () => void): Saving {
  const { api } = useSession()
  const queries = useQueryClient()
  const toast = useToast()
  const [state, setState] = useState<Omit<Saving, 'save' | 'clear'>>(IDLE)
  const refused = async (error: unknown) => {
    if (!(error instanceof Problem)) return setState({ ...IDLE, error })
    if (error.status === 422) {
      work.setFaults(faultsOf(error, work.draft))
      setState(IDLE)
      onSaved()
      return onFaults()
    }
    const dropped = work.base.value.scopes.filter(({ value }) => !work.draft.scopes.some((scope) => scope.value === value))
    if (error.status === 409 && dropped.length > 0) {
      return setState({ ...IDLE, held: heldScopes(error.message, dropped.map(({ value }) => value)) })
    }
    if (error.status === 412) return setState({ ...IDLE, newer: await readCatalogue(api) })
    setState({ ...IDLE, error })
  }
  const save = async () => {
    setState({ ...IDLE, busy: true })
    try {
      const saved = await saveCatalogue(api, written(work.draft), work.base.etag)
      work.rebase(saved, saved.value)
      queries.setQueryData(catalogueKey(api), saved)
      setState(IDLE)
      toast('The catalogue was saved.')
      onSaved()
      // What people may hold and what works has changed with it.
      await queries.invalidateQueries({ queryKey: [api.accountID, 'scopes'] })
      await queries.invalidateQueries({ queryKey: [api.accountID, 'credentials'] })
    } catch (error) {
      await refused(error).catch((again: unknown) => setState({ ...IDLE, error: again }))
    }
  }
  return { ...state, save: () => void save(), clear: () => setState(IDLE) }
}

const IDLE = { busy: false, error: undefined, held: [], newer: undefined }
