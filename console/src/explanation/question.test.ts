import { expect, test } from 'vitest'
import { callFaults, explanationQuery, formatQuestion, parseQuestion, withTypedMethod, type Question } from './question'

const call: Question = { about: 'call', clientID: 'c1', method: 'PATCH', url: 'https://api.example.com:8443/users/7?x=1', address: '192.0.2.7' }

test.each<Question>([
  { about: 'refusal', requestID: 'a.b', jti: '' },
  { about: 'refusal', requestID: '', jti: 'j' },
  { about: 'refusal', requestID: '', jti: '' },
  call,
  { about: 'call', clientID: '', method: 'GET', url: '/users', address: '' },
])('a question comes out of the URL as it went in: %j', (question) => {
  expect(parseQuestion(formatQuestion(question).toString())).toEqual(question)
})

test('what is usual is not in the URL, and nonsense counts as not said', () => {
  expect(formatQuestion({ about: 'refusal', requestID: '', jti: '' }).toString()).toBe('')
  expect(parseQuestion('client_id=c1&method=BREW')).toMatchObject({ about: 'call', method: 'GET' })
})

test('the server is asked with host and path, and with one ID', () => {
  expect(explanationQuery(call)).toBe('client_id=c1&method=PATCH&path=%2Fusers%2F7&host=api.example.com%3A8443&address=192.0.2.7')
  expect(explanationQuery({ about: 'call', clientID: 'c1', method: 'GET', url: '/users', address: '' })).toBe('client_id=c1&method=GET&path=%2Fusers')
  expect(explanationQuery({ about: 'refusal', requestID: 'a.b', jti: 'j' })).toBe('request_id=a.b')
  expect(explanationQuery({ about: 'refusal', requestID: '', jti: '' })).toBeUndefined()
  expect(explanationQuery({ ...call, clientID: '' })).toBeUndefined()
})

test('what is missing is told by field', () => {
  expect(Object.keys(callFaults({ clientID: '', method: 'GET', url: '', address: '' }))).toEqual(['clientID', 'url'])
  expect(callFaults({ ...call, url: 'users' }).url).toContain('/users')
  expect(callFaults(call)).toEqual({})
})

test('a method typed before the path is the method', () => {
  expect(withTypedMethod({ clientID: '', method: 'GET', url: ' delete /users/7', address: '' })).toMatchObject({ method: 'DELETE', url: '/users/7' })
  expect(withTypedMethod({ clientID: '', method: 'PUT', url: '/users', address: '' })).toMatchObject({ method: 'PUT', url: '/users' })
})
