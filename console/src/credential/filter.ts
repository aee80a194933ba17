import type { Me, Status } from '../api/types'

export const STATUSES: readonly Status[] = ['active', 'disabled', 'expired', 'suspended']
export const SORT_FIELDS = ['name', 'created_at', 'last_used_at'] as const
export const PAGE_SIZE = 50

export type SortField = (typeof SORT_FIELDS)[number]

/** What the list shows. All of it lives in the URL, so that a view can be kept, shared and gone back to. */
export interface CredentialFilter {
  tab: 'users' | 'accounts'
  /** Only the signed-in person's own: the filter My Credentials. */
  mine: boolean
  search: string
  status: Status | ''
  sort: SortField
  descending: boolean
  pageToken: string
}

export const DEFAULT_FILTER: CredentialFilter = {
  tab: 'users',
  mine: false,
  search: '',
  status: '',
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
  const sort = (filter.descending ? '-' : '') + filter.sort
  if (sort !== '-created_at') params.set('sort', sort)
  if (filter.pageToken) params.set('page_token', filter.pageToken)
  return params
}

/** Whether the filter hides credentials that the tab would otherwise show. */
export function isNarrowed(filter: CredentialFilter): boolean {
  return filter.search !== '' || filter.status !== '' || filter.mine
}

/** The query of the REST list that answers the filter for this person. */
export function listQuery(filter: CredentialFilter, me: Me): string {
  const params = new URLSearchParams()
  if (me.role === 'admin') params.set('level', filter.tab === 'accounts' ? 'account' : 'user')
  else params.set('owner', 'me')
  if (me.role === 'admin' && filter.tab === 'users' && filter.mine) params.set('owner', 'me')
  if (filter.search) params.set('q', filter.search)
  if (filter.status) params.set('status', filter.status)
  params.set('sort', (filter.descending ? '-' : '') + filter.sort)
  params.set('page_size', String(PAGE_SIZE))
  if (filter.pageToken) params.set('page_token', filter.pageToken)
  return params.toString()
}
