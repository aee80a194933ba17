import type { Me, Status } from '../api/types'

export const STATUSES: readonly Status[] = ['active', 'disabled', 'expired', 'suspended']
/** Why a credential may need somebody to look at it. */
export const ATTENTIONS = ['expiring', 'unused', 'unrotated', 'suspended'] as const
export const SORT_FIELDS = ['name', 'created_at', 'last_used_at'] as const
export const PAGE_SIZE = 50

export type Attention = (typeof ATTENTIONS)[number]
export type SortField = (typeof SORT_FIELDS)[number]

/** What the list shows. All of it lives in the URL, so that a view can be kept, shared and gone back to. */
export interface CredentialFilter {
  tab: 'users' | 'accounts'
  /** Only the signed-in person's own: the filter My Credentials. */
  mine: boolean
  search: string
  status: Status | ''
  /** Only those that hold it. */
  scope: string
  /** Only those that need attention, and why. */
  attention: Attention | ''
  sort: SortField
  descending: boolean
  pageToken: string
}

export const DEFAULT_FILTER: CredentialFilter = {
  tab: 'users',
  mine: false,
  search: '',
  status: '',
  scope: '',
  attention: '',
  sort: 'created_at',
  descending: true,
  pageToken: '',
}

/** Reads a filter from a query string; what it does not understand counts as not said. */
export function parseFilter(query: string): CredentialFilter {
  const params = new URLSearchParams(query)
  const sort = params.get('sort') ?? '-created_at'
  const field = SORT_FIELDS.find((name) => name === sort.replace(/^-/, ''))
  return {
    tab: params.get('tab') === 'accounts' ? 'accounts' : 'users',
    mine: params.get('owner') === 'me',
    search: params.get('q') ?? '',
    status: STATUSES.find((status) => status === params.get('status')) ?? '',
    scope: params.get('scope') ?? '',
    attention: ATTENTIONS.find((attention) => attention === params.get('attention')) ?? '',
    sort: field ?? DEFAULT_FILTER.sort,
    descending: field ? sort.startsWith('-') : DEFAULT_FILTER.descending,
    pageToken: params.get('page_token') ?? '',
  }
}

/** Writes a filter as query parameters, leaving out what is usual. */
export function formatFilter(filter: CredentialFilter): URLSearchParams {
  const params = new URLSearchParams()
  if (filter.tab === 'accounts') params.set('tab', 'accounts')
  if (filter.mine) params.set('owner', 'me')
  if (filter.search) params.set('q', filter.search)
  if (filter.status) params.set('status', filter.status)
  if (filter.scope) params.set('scope', filter.scope)
  if (filter.attention) params.set('attention', filter.attention)
  const sort = (filter.descending ? '-' : '') + filter.sort
  if (sort !== '-created_at') params.set('sort', sort)
  if (filter.pageToken) params.set('page_token', filter.pageToken)
  return params
}

/** Whether the filter hides credentials that the tab would otherwise show. */
export function isNarrowed(filter: CredentialFilter): boolean {
  return filter.search !== '' || filter.status !== '' || filter.scope !== '' || filter.attention !== '' || filter.mine
}

/** The query of the REST list that answers the filter for this person. */
export function listQuery(filter: CredentialFilter, me: Me, pageSize = PAGE_SIZE): string {
  const params = new URLSearchParams()
  if (me.role === 'admin') params.set('level', filter.tab === 'accounts' ? 'account' : 'user')
  else params.set('owner', 'me')
  if (me.role === 'admin' && filter.tab === 'users' && filter.mine) params.set('owner', 'me')
  if (filter.search) params.set('q', filter.search)
  if (filter.status) params.set('status', filter.status)
  if (filter.scope) params.set('scope', filter.scope)
  if (filter.attention) params.set('attention', filter.attention)
  params.set('sort', (filter.descending ? '-' : '') + filter.sort)
  params.set('page_size', String(pageSize))
  if (filter.pageToken) params.set('page_token', filter.pageToken)
  return params.toString()
}
