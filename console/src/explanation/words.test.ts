import { expect, test } from 'vitest'
import type { Explanation, Me } from '../api/types'
import { verdict, whoWords } from './words'

const me = { email: 'ada@example.com' } as Me
const told = (part: Partial<Explanation>) => ({ code: null, rule: '', who: '', owner: null, ...part }) as Explanation

test('an answer is a refusal, a call that passes, or neither', () => {
  expect(verdict(told({ code: 'rate_limited', rule: 'rate' }))).toEqual({ words: 'Too fast', colour: 'bad' })
  expect(verdict(told({ code: 'something_new' }))).toEqual({ words: 'Refused', colour: 'bad' })
  expect(verdict(told({ rule: 'allowed' }))).toEqual({ words: 'Passes', colour: 'ok' })
  expect(verdict(told({ rule: 'token_minted' }))).toEqual({ words: 'Not refused', colour: 'quiet' })
})

test('who may help is told to the reader as themselves where they can', () => {
  const owner = (email: string) => whoWords(told({ who: `its owner, ${email}`, owner: email }), me)
  expect(owner('ada@example.com')).toBe('You, as its owner')
  expect(owner('sue@example.com')).toBe('Its owner, sue@example.com')
  expect(whoWords(told({ who: 'an admin of the account' }), me)).toBe('An admin of the account, as you are')
  expect(whoWords(told({ who: 'the program' }), me)).toBe('The program')
})
