import { parseQuestion as parseRequest } from '../scope/route'

/** What is asked. All of it lives in the URL, so that it can be shared and gone back to. */
export type Question = { about: 'refusal'; requestID: string; jti: string } | ({ about: 'call' } & Call)

/** A call that nobody made. */
export interface Call {
  clientID: string
  method: string
  /** A path, or an address with its host. */
  url: string
  /** Where it would come from; empty for an allowed address. */
  address: string
}

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

export const NO_CALL: Call = { clientID: '', method: 'GET', url: '', address: '' }

/** Reads a question from a query string; what it does not understand counts as not said. */
export function parseQuestion(query: string): Question {
  const params = new URLSearchParams(query)
  const text = (name: string) => params.get(name) ?? ''
  if (text('about') !== 'call' && !text('client_id')) return { about: 'refusal', requestID: text('request_id'), jti: text('jti') }
  const method = METHODS.find((name) => name === text('method')) ?? 'GET'
  return { about: 'call', clientID: text('client_id'), method, url: text('url'), address: text('address') }
}

/** Writes a question as query parameters, leaving out what is usual. */
export function formatQuestion(question: Question): URLSearchParams {
  const params = new URLSearchParams()
  const put = (name: string, value: string, usual = '') => value !== usual && params.set(name, value)
  if (question.about === 'refusal') {
    put('request_id', question.requestID)
    put('jti', question.jti)
    return params
  }
  if (!question.clientID) params.set('about', 'call')
  put('client_id', question.clientID)
  put('method', question.method, 'GET')
  put('url', question.url)
  put('address', question.address)
  return params
}

/** The query that the server answers; undefined while something is missing. */
export function explanationQuery(question: Question): string | undefined {
  const params = new URLSearchParams()
  if (question.about === 'refusal') {
    if (question.requestID) params.set('request_id', question.requestID)
    else if (question.jti) params.set('jti', question.jti)
    return params.size > 0 ? params.toString() : undefined
  }
  const request = parseRequest(question.url)
  if (!question.clientID || !request) return undefined
  params.set('client_id', question.clientID)
  params.set('method', question.method)
  params.set('path', request.path)
  if (request.host) params.set('host', request.host)
  if (question.address) params.set('address', question.address)
  return params.toString()
}

/** What is missing or wrong before a call can be asked about, by field. */
export function callFaults(call: Call): Partial<Record<'clientID' | 'url', string>> {
  return {
    ...(!call.clientID && { clientID: 'Choose an API credential.' }),
    ...(!parseRequest(call.url) && {
      url: call.url.trim() === '' ? 'Enter what it would call.' : 'Enter a path, as /users, or an address, as https://api.example.com/users.',
    }),
  }
}

/** A call with its method, where one was typed before its path. */
export function withTypedMethod(call: Call): Call {
  const method = METHODS.find((name) => name === parseRequest(call.url)?.method)
  return method ? { ...call, method, url: call.url.trim().replace(/^\S+\s+/, '') } : call
}
