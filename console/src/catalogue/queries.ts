import { queryOptions } from '@tanstack/react-query'
import type { ApiClient, Versioned } from '../api/client'
import type { Catalogue } from '../api/types'
import { attentionCountOptions } from '../credential/queries'
import { filled, type Document } from './document'

const PATH = '/catalogue'

export function catalogueKey(api: ApiClient) {
  return [api.accountID, 'catalogue']
}

/** The catalogue as it was written. It is not read again by itself: a change is being made to it. */
export function catalogueQueryOptions(api: ApiClient) {
  return queryOptions({
    queryKey: catalogueKey(api),
    queryFn: ({ signal }) => readCatalogue(api, signal),
    staleTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
}

export async function readCatalogue(api: ApiClient, signal?: AbortSignal): Promise<Versioned<Document>> {
  const { value, etag } = await api.getVersioned<Catalogue>(PATH, signal)
  return { value: filled(value), etag }
}

export async function saveCatalogue(api: ApiClient, body: Catalogue, etag: string): Promise<Versioned<Document>> {
  const saved = await api.put<Catalogue>(PATH, body, etag)
  return { value: filled(saved.value), etag: saved.etag }
}

/** How many credentials of this account hold a scope; of other accounts nothing is seen from here. */
export function holdersQueryOptions(api: ApiClient, scope: string) {
  return attentionCountOptions(api, new URLSearchParams({ scope, page_size: '1' }).toString())
}
