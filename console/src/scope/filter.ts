/** What the page Scopes & APIs shows. All of it lives in the URL. */
export interface CatalogueFilter {
  tab: 'scopes' | 'apis'
  search: string
}

/** Reads a filter from a query string; what it does not understand counts as not said. */
export function parseFilter(query: string): CatalogueFilter {
  const params = new URLSearchParams(query)
  return { tab: params.get('tab') === 'apis' ? 'apis' : 'scopes', search: params.get('q') ?? '' }
}

/** Writes a filter as query parameters, leaving out what is usual. */
export function formatFilter(filter: Partial<CatalogueFilter>): URLSearchParams {
  const params = new URLSearchParams()
  if (filter.tab === 'apis') params.set('tab', 'apis')
  if (filter.search) params.set('q', filter.search)
  return params
}
