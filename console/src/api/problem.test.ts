import { expect, test } from 'vitest'
import { formFaults, Problem } from './problem'

const FIELDS = ['name', 'scopes'] as const

test('formFaults puts each message beside its field', () => {
  const problem = new Problem(422, {
    detail: 'The request is not valid.',
    errors: [
      { location: 'body.name', message: 'Too long.' },
      { location: 'body.scopes[2]', message: 'Unknown scope.' },
    ],
  })
  expect(formFaults(problem, FIELDS)).toEqual({
    fields: { name: 'Too long.', scopes: 'Unknown scope.' },
    general: undefined,
  })
})

test('formFaults joins several messages of one field, each once', () => {
  const problem = new Problem(422, {
    errors: [
      { location: 'body.scopes[0]', message: 'Unknown scope "a".' },
      { location: 'body.scopes[1]', message: 'Unknown scope "b".' },
      { location: 'body.scopes[2]', message: 'Unknown scope "b".' },
    ],
  })
  expect(formFaults(problem, FIELDS).fields.scopes).toBe('Unknown scope "a". Unknown scope "b".')
})

test('formFaults loses no message: what has no field shown is general', () => {
  const problem = new Problem(422, { errors: [{ location: 'body.level', message: 'Closed by policy.' }] })
  expect(formFaults(problem, FIELDS)).toEqual({ fields: {}, general: 'Closed by policy.' })
})

test('formFaults shows the detail of a refusal without single faults', () => {
  expect(formFaults(new Problem(403, { detail: 'Not yours.' }), FIELDS).general).toBe('Not yours.')
})

test('a problem without text still says something', () => {
  expect(new Problem(0, {}).message).toMatch(/could not be reached/)
  expect(new Problem(503, {}).message).not.toBe('')
})

test('formFaults says nothing while nothing went wrong', () => {
  expect(formFaults(undefined, FIELDS)).toEqual({ fields: {}, general: undefined })
})
