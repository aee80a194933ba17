import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Versioned } from '../api/client'
import { Problem } from '../api/problem'
import type { Account } from '../api/types'
import { useSession } from '../session/session'
import { useToast } from '../ui/toast'
import { editOf, type RulesDraft } from './rules'

/** A change being made: the form's values, and the reading of the account they started from. */
export interface Work {
  base: Versioned<Account>
  draft: RulesDraft
}

interface Saving {
  busy: boolean
  error: unknown
  /** What somebody else saved meanwhile, when that is why the save was refused. */
  conflict: Versioned<Account> | undefined
  save: (work: Work) => Promise<void>
  /** Shows everywhere what somebody else saved. */
  take: () => void
  clear: () => void
}

/** Saves the rules of an account; what a stale save ran into is kept to be shown beside it. */
export function useSave(setWork: (work: Work | undefined) => void): Saving {
  const { api } = useSession()
  const queries = useQueryClient()
  const toast = useToast()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const [conflict, setConflict] = useState<Versioned<Account>>()
  const clear = () => {
    setError(undefined)
    setConflict(undefined)
  }
  const save = async ({ base, draft }: Work) => {
    setBusy(true)
    clear()
    try {
      const saved = await api.patch<Account>('/account', editOf(base.value, draft), base.etag)
      queries.setQueryData([api.accountID, 'account'], saved)
      setWork(undefined)
      toast('The rules were saved.')
      // Statuses and ends may follow from them.
      await queries.invalidateQueries({ queryKey: [api.accountID, 'credentials'] })
    } catch (refusal) {
      if (refusal instanceof Problem && refusal.status === 412) await readNewer().catch(setError)
      else setError(refusal)
    } finally {
      setBusy(false)
    }
  }
  const readNewer = async () => setConflict(await api.getVersioned<Account>('/account'))
  const take = () => queries.setQueryData([api.accountID, 'account'], conflict)
  return { busy, error, conflict, save, take, clear }
}
