import { expect, test } from 'vitest'
import type { Api, Route } from '../api/types'
import { answersTo, matchesRoute, parseQuestion } from './route'

function api(id: string, basePath: string, routes: Route[], part: Partial<Api> = {}): Api {
  return {
    id,
    name: `${id} API`,
    audience: `urn:${id}`,
    hosts: [],
    base_path: basePath,
    direct_credentials: true,
    retired: false,
    routes,
    ...part,
  }
}

function route(methods: string, path: string, ...scopes: string[]): Route {
  return { methods: methods ? methods.split(' ') : [], path, scopes }
}

const users = api('users', '/useradmin', [
  route('GET', '/users/**', 'users:read'),
  route('PATCH DELETE', '/users/{userId}', 'users:write'),
  route('GET', '/users/me', 'self:read'),
  route('GET', '/permissions/addresses', 'users:read'),
])
const content = api('content', '/content', [route('', '/**', 'content:read'), route('OPTIONS', '/ping', 'ping')])
const crm = api('crm', '', [route('GET', '/users', 'crm')], { hosts: ['crm.example.com'] })
const apis = [users, content, crm]

function asked(text: string): string[] {
  const question = parseQuestion(text)
  if (!question) throw new Error(`"${text}" is no question`)
  return answersTo(question, apis).map(
    ({ api, route, methods, withoutBase }) =>
      `${methods.join('+')} ${api.id} ${route.path}${withoutBase ? ' behind the base path' : ''}`,
  )
}

test.each([
  ['GET /users', { method: 'GET', host: '', path: '/users' }],
  ['  patch   /users/7?x=1 ', { method: 'PATCH', host: '', path: '/users/7' }],
  ['GET /users?', { method: 'GET', host: '', path: '/users' }],
  ['/users/{userId}', { method: '', host: '', path: '/users/{userId}' }],
  ['https://CRM.example.com/users#x', { method: '', host: 'crm.example.com', path: '/users' }],
  ['DELETE http://localhost:8430', { method: 'DELETE', host: 'localhost:8430', path: '/' }],
])('%s is a question', (text, question) => {
  expect(parseQuestion(text)).toEqual(question)
})

test.each(['', 'users', 'users:read', 'read users', 'GET', 'which /users', '/a b'])('"%s" is none', (text) => {
  expect(parseQuestion(text)).toBeUndefined()
})

test('a route is chosen as enforcement chooses it', () => {
  expect(asked('GET /useradmin/users')).toEqual(['GET users /users/**'])
  expect(asked('GET /useradmin/users/7/skills')).toEqual(['GET users /users/**'])
  expect(asked('GET /useradmin/users/me')).toEqual(['GET users /users/me'])
  expect(asked('PATCH /useradmin/users/me')).toEqual(['PATCH users /users/{userId}'])
  expect(asked('HEAD /useradmin/permissions/addresses')).toEqual(['HEAD users /permissions/addresses'])
  expect(asked('POST /useradmin/users/7')).toEqual([])
  expect(asked('GET /useradmin/Users')).toEqual([])
  expect(asked('GET /useradmin/permissions/addresses/')).toEqual([])
})

test('a route for every method leaves OPTIONS out', () => {
  expect(asked('DELETE /content/x')).toEqual(['DELETE content /**'])
  expect(asked('OPTIONS /content/x')).toEqual([])
  expect(asked('OPTIONS /content/ping')).toEqual(['OPTIONS content /ping'])
})

test('without a method every route of the path answers', () => {
  expect(asked('/useradmin/users/7')).toEqual(['GET users /users/**', 'PATCH+DELETE users /users/{userId}'])
  expect(asked('/useradmin/users/{userId}')).toEqual(['GET users /users/**', 'PATCH+DELETE users /users/{userId}'])
})

test('a path as the documentation writes it is found behind the base path, unless one has it whole', () => {
  expect(asked('PATCH /users/7')).toEqual(['PATCH users /users/{userId} behind the base path'])
  expect(asked('GET /users')).toEqual(['GET crm /users'])
})

test('an address asks the APIs of its host and those on any', () => {
  expect(asked('GET https://crm.example.com:443/users')).toEqual(['GET crm /users'])
  expect(asked('GET https://other.example.com/useradmin/users')).toEqual(['GET users /users/**'])
})

test('a retired API answers nothing', () => {
  const question = parseQuestion('GET /useradmin/users')
  expect(question && answersTo(question, [{ ...users, retired: true }])).toEqual([])
})

test('matchesRoute finds every word in method, path, scope or API', () => {
  const [first] = users.routes
  expect(first && matchesRoute(users, first, 'get useradmin')).toBe(true)
  expect(first && matchesRoute(users, first, 'USERS:READ')).toBe(true)
  expect(first && matchesRoute(users, first, 'patch')).toBe(false)
})
