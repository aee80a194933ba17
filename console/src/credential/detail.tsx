import { useQuery } from '@tanstack/react-query'
import { ChartColumn, Power, PowerOff, RefreshCw } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import type { Versioned } from '../api/client'
import type { Credential } from '../api/types'
import { ExplainLink } from '../explanation/link'
import { mayExplain } from '../explanation/right'
import { ScopeChip } from '../scope/chip'
import { useScopeCatalogue } from '../scope/catalogue'
import { usePaths } from '../session/paths'
import { useSession } from '../session/session'
import { Button, buttonClasses } from '../ui/button'
import { Card } from '../ui/card'
import { Loading } from '../ui/loading'
import { Notice } from '../ui/notice'
import { PageHeader } from '../ui/page'
import { Ago, exactTime } from '../ui/time'
import { isAbsent, useCredentialActions, type StartAction } from './actions'
import { BackLink, useBackPath, useListState } from './back-link'
import { METHOD_WORDS } from './authentication'
import { EditForm } from './edit'
import { IneffectiveScopes } from './ineffective'
import { KeysCard } from './keys'
import { limitWords } from './limits'
import { may, ownerWords, owns, whyReadOnly } from './permission'
import { credentialQueryOptions } from './queries'
import { hasSecrets } from './secret'
import { SecretsCard } from './secrets'
import { StatusBadge, statusExplanation } from './status'
import { ClientID } from './table'

/** The page of one credential: what it is, its edit form, its secrets, and its end. */
export default function CredentialPage({ clientID, absent }: { clientID: string; absent: ReactNode }) {
  const { api } = useSession()
  const query = useQuery(credentialQueryOptions(api, clientID))
  const [, go] = useLocation()
  const back = useBackPath()
  const { start, dialogs } = useCredentialActions(() => go(back, { replace: true }))
  if (isAbsent(query.error)) return <>{absent}{dialogs}</>
  if (!query.data) return <Loading query={query} what="API credential" />
  const credential = query.data.value
  return (
    <>
      <BackLink>API Credentials</BackLink>
      <PageHeader
        title={credential.name}
        badge={<StatusBadge status={credential.status} />}
        actions={<HeaderActions credential={credential} start={start} />}
      />
      <div className="flex flex-col gap-5">
        <StateNotices credential={credential} />
        <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_21rem]">
          <div className="flex min-w-0 flex-col gap-5">
            {may(credential, 'edit') ? <EditForm loaded={query.data} /> : <ReadOnlyScopes credential={credential} />}
            {hasSecrets(credential) && (
              <SecretsCard credential={credential} mayEdit={may(credential, 'edit')} start={start} />
            )}
            {credential.authentication_method === 'private_key_jwt' && (
              <KeysCard loaded={query.data} mayEdit={may(credential, 'edit')} />
            )}
            {may(credential, 'delete') && <EndCard credential={credential} start={start} />}
          </div>
          <Facts loaded={query.data} />
        </div>
      </div>
      {dialogs}
    </>
  )
}

interface ActionProps {
  credential: Credential
  start: StartAction
}

function HeaderActions({ credential, start }: ActionProps) {
  const paths = usePaths()
  const list = useListState()
  return (
    <>
      <Link
        href={paths.usage(credential.client_id)}
        state={list === undefined ? undefined : { list }}
        className={buttonClasses('secondary', 'hover:bg-hover')}
      >
        <ChartColumn className="size-4" aria-hidden="true" />
        Usage
      </Link>
      {may(credential, 'edit') && hasSecrets(credential) && (
        <Button icon={<RefreshCw className="size-4" aria-hidden="true" />} onClick={() => start('rotate', credential)}>
          Rotate secret
        </Button>
      )}
    </>
  )
}

function StateNotices({ credential }: { credential: Credential }) {
  const readOnly = whyReadOnly(credential)
  const { me } = useSession()
  const why = statusExplanation(credential, owns(me, credential))
  return (
    <>
      {readOnly && <Notice kind="info">{readOnly}</Notice>}
      {why && <Notice kind="warn">{why}</Notice>}
      {credential.status !== 'suspended' && <IneffectiveScopes credential={credential} />}
    </>
  )
}

function ReadOnlyScopes({ credential }: { credential: Credential }) {
  const catalogue = useScopeCatalogue()
  return (
    <Card title="Scopes">
      <ul className="flex flex-col gap-2.5">
        {credential.scopes.map((scope) => (
          <li key={scope} className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
            <span>{catalogue.data?.byValue.get(scope)?.description ?? scope}</span>
            <ScopeChip value={scope} struck={!credential.effective_scopes.includes(scope)} />
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Facts({ loaded }: { loaded: Versioned<Credential> }) {
  const { me } = useSession()
  const credential = loaded.value
  return (
    <Card title="About">
      <dl className="flex flex-col gap-3.5">
        <Fact name="Client ID">
          <ClientID clientID={credential.client_id} whole />
        </Fact>
        <Fact name="Owner">
          {owns(me, credential) ? 'You' : ownerWords(credential)}
        </Fact>
        <Fact name="Authentication">
          {METHOD_WORDS[credential.authentication_method].name}
          {credential.tls_client_subject && (
            <code className="block font-mono text-xs break-all text-muted">{credential.tls_client_subject}</code>
          )}
        </Fact>
        <Fact name="Created">
          <Ago time={credential.created_at} />
          <span className="block text-sm text-muted">{exactTime(credential.created_at)}</span>
        </Fact>
        <Fact name="Last used">
          {credential.last_used_at ? (
            <>
              <Ago time={credential.last_used_at} />
              {credential.last_used_address && (
                <span className="block font-mono text-xs break-all text-muted">from {credential.last_used_address}</span>
              )}
            </>
          ) : (
            'Never'
          )}
        </Fact>
        <Fact name="Expires">{credential.expires_at ? exactTime(credential.expires_at) : 'Never'}</Fact>
        {limitWords(credential).map(({ field, name, words }) => (
          <Fact key={field} name={name}>
            {words}
          </Fact>
        ))}
      </dl>
      <Refused clientID={credential.client_id} />
    </Card>
  )
}

/** For those who may ask why a program was refused. */
function Refused({ clientID }: { clientID: string }) {
  const { me } = useSession()
  if (!mayExplain(me)) return null
  return (
    <p className="mt-4 border-t border-line pt-3.5 text-sm text-muted">
      A program was refused? <ExplainLink>Find out why</ExplainLink>, or{' '}
      <ExplainLink call={{ clientID }}>whether a call would pass</ExplainLink>.
    </p>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="mt-0.5 break-words">{children}</dd>
    </div>
  )
}

/** The two ways to end a credential: disable, which can be undone, and delete, which cannot. */
function EndCard({ credential, start }: ActionProps) {
  const disabled = credential.status === 'disabled'
  const enables = disabled && may(credential, 'enable')
  const disables = !disabled && may(credential, 'disable')
  return (
    <Card title={enables ? 'Enable or delete' : disables ? 'Disable or delete' : 'Delete'}>
      <div className="flex flex-col gap-4">
        {enables && (
          <EndRow
            text={`Enabling lets its programs get tokens again${hasSecrets(credential) ? ', with the secrets they had' : ''}.`}
            button={
              <Button icon={<Power className="size-4" aria-hidden="true" />} onClick={() => start('enable', credential)}>
                Enable
              </Button>
            }
          />
        )}
        {disables && (
          <EndRow
            text="Disabling stops its programs at once and can be undone."
            button={
              <Button icon={<PowerOff className="size-4" aria-hidden="true" />} onClick={() => start('disable', credential)}>
                Disable
              </Button>
            }
          />
        )}
        <EndRow
          text={`Deleting removes the credential${hasSecrets(credential) ? ' and its secrets' : ''} for good.`}
          button={
            <Button className="text-bad!" onClick={() => start('delete', credential)}>
              Delete
            </Button>
          }
        />
      </div>
    </Card>
  )
}

function EndRow({ text, button }: { text: string; button: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
      <p className="min-w-0 flex-[1_1_14rem] text-muted">{text}</p>
      {button}
    </div>
  )
}
