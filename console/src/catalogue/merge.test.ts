import { expect, test } from 'vitest'
import { filled, type Document } from './document'
import { merge } from './merge'

const base = filled({
  apis: [
    { id: 'orders', name: 'Orders', audience: 'urn:orders', routes: [] },
    { id: 'stock', name: 'Stock', audience: 'urn:stock', routes: [] },
  ],
  scopes: [{ value: 'orders:read', description: 'Read orders', api: 'orders' }],
})

function changed(change: (document: Document) => void): Document {
  const document = structuredClone(base)
  change(document)
  return document
}

test('changes in different places are both kept', () => {
  const mine = changed(({ scopes }) => (scopes[0]!.retired = true))
  const theirs = changed(({ apis }) => (apis[1]!.name = 'Warehouse'))
  const { document, overlaps } = merge(base, mine, theirs)
  expect(document.scopes[0]?.retired).toBe(true)
  expect(document.apis[1]?.name).toBe('Warehouse')
  expect(overlaps).toEqual([])
})

test('what both changed differently is mine, and named', () => {
  const { document, overlaps } = merge(
    base,
    changed(({ apis }) => (apis[0]!.name = 'Mine')),
    changed(({ apis }) => (apis[0]!.name = 'Theirs')),
  )
  expect(document.apis[0]?.name).toBe('Mine')
  expect(overlaps).toEqual(['orders'])
})

test('what both changed alike is no overlap', () => {
  const both = changed(({ apis }) => (apis[0]!.name = 'Both'))
  expect(merge(base, both, structuredClone(both)).overlaps).toEqual([])
})

test('what one added is there, and what one removed is gone', () => {
  const mine = changed(({ apis }) => apis.push({ ...structuredClone(apis[0]!), id: 'mine' }))
  const theirs = changed(({ apis }) => apis.splice(1, 1))
  expect(merge(base, mine, theirs).document.apis.map(({ id }) => id)).toEqual(['orders', 'mine'])
})

test('removing what the other changed is an overlap', () => {
  const mine = changed(({ apis }) => apis.splice(1, 1))
  const theirs = changed(({ apis }) => (apis[1]!.name = 'Warehouse'))
  const { document, overlaps } = merge(base, mine, theirs)
  expect(document.apis.map(({ id }) => id)).toEqual(['orders'])
  expect(overlaps).toEqual(['stock'])
})
