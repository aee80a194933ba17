import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Account } from '../api/types'
import { useSession } from '../session/session'
import { Card } from '../ui/card'
import { CopyIcon } from '../ui/copy'
import { Loading } from '../ui/loading'
import { PageHeader } from '../ui/page'
import { RulesForm } from './form'
import { versionedAccountQueryOptions } from './queries'
import { LEVEL_WORDS, RULES, ruleWords } from './rules'

/** The page Account: what the account is, and the rules for its API credentials, which admins set. */
export default function AccountPage() {
  const { me, api } = useSession()
  const account = useQuery(versionedAccountQueryOptions(api))
  const edits = me.scopes.includes('claviger:account:write')
  return (
    <>
      <PageHeader title="Account">
        {edits
          ? 'The rules of this account bind the API credentials of everybody in it.'
          : 'The rules of this account bind your API credentials, too. Its admins set them.'}
      </PageHeader>
      {account.data ? (
        <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_21rem]">
          {edits ? <RulesForm loaded={account.data} /> : <RulesView account={account.data.value} />}
          <About account={account.data.value} />
        </div>
      ) : (
        <Loading query={account} what="account" />
      )}
    </>
  )
}

function About({ account }: { account: Account }) {
  return (
    <Card title="About">
      <dl className="flex flex-col gap-3.5">
        <Fact name="Name">{account.name}</Fact>
        <Fact name="Account ID">
          <span className="flex items-start gap-1">
            <code className="min-w-0 font-mono text-xs leading-6 break-all">{account.account_id}</code>
            <CopyIcon text={account.account_id} what="account ID" small />
          </span>
        </Fact>
        <Fact name="API Credentials">
          {account.api_credentials_enabled ? 'On' : 'Off: the area is hidden. Programs go on working.'}
        </Fact>
      </dl>
      <p className="mt-4 border-t border-line pt-3.5 text-sm text-muted">
        The operator of this server switches the API Credentials area on and off.
      </p>
    </Card>
  )
}

function RulesView({ account }: { account: Account }) {
  const level = account.account_level_credentials
  return (
    <Card title="Rules">
      <dl className="flex flex-col gap-3.5">
        <Fact name="Account-level credentials">
          {LEVEL_WORDS[level]}
          <span className="block text-sm text-muted">
            {level === 'open' ? 'Admins may create them.' : 'None can be created.'}
          </span>
        </Fact>
        {RULES.map((rule) => (
          <Fact key={rule.field} name={rule.label}>
            {ruleWords(rule, account[rule.field])}
            {account[rule.field] !== null && <span className="block text-sm text-muted">{rule.hint}</span>}
          </Fact>
        ))}
      </dl>
    </Card>
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
