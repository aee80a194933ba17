import { expect, test } from 'vitest'
import { fileName, snippet, type IssuedSecret } from './snippet'

const issued: IssuedSecret = {
  name: 'Nightly CRM sync – EU',
  clientID: '0b8a6c1e-1111-4222-8333-444455556666',
  secret: 'clav_secret',
  scopes: ['users:read', 'stats', 'claviger:credentials:read'],
}
const origin = 'https://claviger.example'

test('the curl line asks for scopes that may stand in one token', () => {
  expect(snippet('curl', issued, origin)).toContain("'scope=users:read stats'")
})

test('the JSON file can be read back', () => {
  expect(JSON.parse(snippet('json', issued, origin))).toEqual({
    name: issued.name,
    client_id: issued.clientID,
    client_secret: issued.secret,
    token_url: 'https://claviger.example/oauth2/token',
    scope: 'users:read stats',
  })
})

test('the .env file has one assignment a line', () => {
  expect(snippet('env', issued, origin).trimEnd().split('\n')).toEqual([
    `CLIENT_ID=${issued.clientID}`,
    'CLIENT_SECRET=clav_secret',
    'TOKEN_URL=https://claviger.example/oauth2/token',
    'SCOPE="users:read stats"',
  ])
})

test('a file is named for its credential', () => {
  expect(fileName(issued.name, 'env')).toBe('nightly-crm-sync-eu.env')
  expect(fileName('Prüfung', 'env')).toBe('prufung.env')
  expect(fileName('日本', 'json')).toBe('api-credential.json')
})
