import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { accountQueryOptions } from '../account/queries'
import type { Versioned } from '../api/client'
import { formFaults, Problem } from '../api/problem'
import type { Credential } from '../api/types'
import { useScopeCatalogue } from '../scope/catalogue'
import { ScopePicker } from '../scope/picker'
import { useSession } from '../session/session'
import { Button } from '../ui/button'
import { Card } from '../ui/card'
import { Field } from '../ui/field'
import { useAskBeforeLeaving } from '../ui/leaving'
import { Loading } from '../ui/loading'
import { dayOf } from '../ui/time'
import { useToast } from '../ui/toast'
import { Conflict } from './conflict'
import { draftOf, editOf, isChanged, sameInForm, type CredentialDraft } from './draft'
import { FormProblem } from './form-problem'
import { LIMIT_FIELDS, limitFaults } from './limits'
import { LimitsFields } from './limits-fields'
import { credentialPath, credentialQueryOptions, useRefreshCredentials } from './queries'
import { ScopeChange } from './scope-change'
import { SubjectField } from './subject-field'

const FIELDS = ['name', 'scopes', 'expires_at', 'tls_client_subject', ...LIMIT_FIELDS] as const

/** A change being made: the form's values, and the reading of the credential they started from. */
interface Work {
  base: Versioned<Credential>
  draft: CredentialDraft
}

/** The edit form of a credential. Until something is changed it follows what is read anew. */
export function EditForm({ loaded }: { loaded: Versioned<Credential> }) {
  const [work, setWork] = useState<Work>()
  const saving = useSave(setWork)
  const catalogue = useScopeCatalogue()
  const base = work?.base ?? loaded
  const draft = work?.draft ?? draftOf(loaded.value)
  const edit = editOf(base.value, draft)
  const account = useQuery(accountQueryOptions(useSession().api))
  const wrong = limitFaults(draft.limits, account.data)
  const changed = isChanged(edit) || Object.keys(wrong).length > 0
  useAskBeforeLeaving(changed)
  const change = (part: Partial<CredentialDraft>) => setWork({ base, draft: { ...draft, ...part } })
  const discard = () => {
    setWork(undefined)
    saving.clear()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (ready && !saving.busy) void saving.save({ base, draft })
  }
  const faults = formFaults(saving.error, FIELDS)
  const byCertificate = base.value.authentication_method === 'tls_client_auth'
  const missing = {
    name: draft.name.trim() === '' ? 'Give it a name.' : undefined,
    scopes: draft.scopes.length === 0 ? 'Choose at least one scope.' : undefined,
    subject: byCertificate && draft.subject.trim() === '' ? 'Enter the name in its certificate.' : undefined,
  }
  const ready = changed && !Object.values(missing).some(Boolean) && Object.keys(wrong).length === 0 && !saving.conflict
  return (
    <Card title="Name and scopes">
      <form onSubmit={submit} noValidate className="flex flex-col gap-5">
        {saving.conflict && work ? (
          <Conflict
            mine={work.draft}
            base={work.base.value}
            saved={saving.conflict.value}
            onKeep={() => {
              setWork({ base: saving.conflict ?? work.base, draft: work.draft })
              saving.clear()
            }}
            onTake={() => {
              saving.take()
              discard()
            }}
          />
        ) : (
          <FormProblem error={saving.error} message={faults.general} />
        )}
        <Field label="Name" error={missing.name ?? faults.fields.name}>
          {(control) => (
            <input
              {...control}
              className="field"
              value={draft.name}
              maxLength={200}
              autoComplete="off"
              onChange={(event) => change({ name: event.currentTarget.value })}
            />
          )}
        </Field>
        {catalogue.data ? (
          <ScopePicker
            catalogue={catalogue.data}
            value={draft.scopes}
            onChange={(scopes) => change({ scopes })}
            error={missing.scopes ?? faults.fields.scopes}
          />
        ) : (
          <Loading query={catalogue} what="scopes" />
        )}
        {byCertificate && (
          <SubjectField
            value={draft.subject}
            onChange={(subject) => change({ subject })}
            error={missing.subject ?? faults.fields.tls_client_subject}
          />
        )}
        <ExpiryField base={base.value} draft={draft} change={change} error={faults.fields.expires_at} />
        <LimitsFields
          value={draft.limits}
          onChange={(limits) => change({ limits })}
          faults={{ ...faults.fields, ...wrong }}
        />
        {edit.scopes && catalogue.data && (
          <ScopeChange before={base.value.scopes} after={edit.scopes} catalogue={catalogue.data} />
        )}
        <div className="flex flex-wrap gap-2 max-sm:flex-col">
          <Button
            type="submit"
            look="primary"
            busy={saving.busy}
            disabled={!ready}
          >
            Save API credential
          </Button>
          {changed && (
            <Button look="quiet" onClick={discard}>
              Discard changes
            </Button>
          )}
        </div>
      </form>
    </Card>
  )
}

interface ExpiryFieldProps {
  base: Credential
  draft: CredentialDraft
  change: (part: Partial<CredentialDraft>) => void
  error: string | undefined
}

function ExpiryField({ base, draft, change, error }: ExpiryFieldProps) {
  const hint = base.expires_at
    ? `Now ${dayOf(base.expires_at)}. Clear it to let the credential work until it is disabled or deleted.`
    : 'Optional. It works until the end of that day, your time.'
  return (
    <Field label="Expires" hint={hint} error={error}>
      {(control) => (
        <input
          {...control}
          type="date"
          className="field sm:w-48"
          value={draft.expires}
          onChange={(event) => change({ expires: event.currentTarget.value })}
        />
      )}
    </Field>
  )
}

interface Saving {
  busy: boolean
  error: unknown
  /** What somebody else saved meanwhile, when that is why the save was refused. */
  conflict: Versioned<Credential> | undefined
  save: (work: Work) => Promise<void>
  /** Shows everywhere what somebody else saved. */
  take: () => void
  clear: () => void
}

function useSave(setWork: (work: Work | undefined) => void): Saving {
  const { api } = useSession()
  const queries = useQueryClient()
  const refresh = useRefreshCredentials()
  const toast = useToast()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const [conflict, setConflict] = useState<Versioned<Credential>>()
  const clear = () => {
    setError(undefined)
    setConflict(undefined)
  }
  const send = async ({ base, draft }: Work): Promise<Versioned<Credential> | undefined> => {
    const path = credentialPath(base.value.client_id)
    try {
      await api.patch<Credential>(path, editOf(base.value, draft), base.etag)
      return undefined
    } catch (refusal) {
      if (!(refusal instanceof Problem) || refusal.status !== 412) throw refusal
      return api.getVersioned<Credential>(path)
    }
  }
  const save = async (work: Work) => {
    setBusy(true)
    clear()
    try {
      let newer = await send(work)
      // Nothing the form shows was changed meanwhile: save over the newer reading, without asking.
      if (newer && sameInForm(newer.value, work.base.value)) newer = await send({ ...work, base: newer })
      if (newer) {
        setConflict(newer)
        return
      }
      toast(`${work.draft.name.trim()} was saved.`)
      await refresh()
      setWork(undefined)
    } catch (refusal) {
      setError(refusal)
    } finally {
      setBusy(false)
    }
  }
  const take = () => {
    if (!conflict) return
    queries.setQueryData(credentialQueryOptions(api, conflict.value.client_id).queryKey, conflict)
    void refresh()
  }
  return { busy, error, conflict, save, take, clear }
}
