import type { Api, Route } from '../api/types'

/** The methods that a route for every method takes. */
const ORDINARY = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const METHODS = [...ORDINARY, 'HEAD', 'OPTIONS']

/** A request that somebody asks about: "GET /users", or an address. */
export interface Question {
  /** Empty: whatever the method. */
  method: string
  /** The host of an address; empty when only a path was given. */
  host: string
  path: string
}

/** A route that opens to a request, and with which of the methods asked about. */
export interface Answer {
  api: Api
  route: Route
  methods: string[]
  /** The path asked about is the route's own, as the API's documentation writes it, without the base path. */
  withoutBase: boolean
}

/**
 * Reads a method and a path, or an address, out of what was typed; undefined when it is neither. What follows
 * the path (a question mark, a query, a fragment) does not choose a route.
 */
export function parseQuestion(text: string): Question | undefined {
  const found = /^(?:([a-z]+)\s+)?(?:https?:\/\/([^/\s?#]+))?(\/[^\s?#]*)?(?:[?#].*)?$/i.exec(text.trim())
  if (!found) return undefined
  const [, method = '', host = '', path = host && '/'] = found
  if (!path || (method && !METHODS.includes(method.toUpperCase()))) return undefined
  return { method: method.toUpperCase(), host: host.toLowerCase(), path }
}

/**
 * The routes that answer a request, as enforcement would choose them: segment by segment from the left, a
 * literal before {x} before /**. Where no route has the whole path, those are answered that have it behind
 * their API's base path. Retired APIs grant nothing and answer nothing.
 */
export function answersTo(question: Question, apis: readonly Api[]): Answer[] {
  const live = apis.filter((api) => !api.retired && isOn(api, question.host))
  const named = live.filter((api) => api.hosts.length > 0)
  // APIs on any host are one set of routes; one that names its host stands alone.
  const sets = [live.filter((api) => api.hosts.length === 0), ...named.map((api) => [api])]
  const whole = sets.flatMap((set) => answersIn(set, question, true))
  return whole.length > 0 ? whole : live.flatMap((api) => answersIn([api], question, false))
}

function isOn(api: Api, host: string): boolean {
  return !host || api.hosts.length === 0 || api.hosts.some((name) => name === host || name === host.replace(/:\d+$/, ''))
}

function answersIn(apis: readonly Api[], question: Question, whole: boolean): Answer[] {
  const candidates = apis
    .flatMap((api) =>
      api.routes.map((route) => ({ api, route, pattern: segmentsOf(whole ? api.base_path + route.path : route.path) })),
    )
    // Without its base path, a route for everything says nothing of the path asked about.
    .filter(({ pattern }) => whole || pattern[0] !== '**')
  const segments = segmentsOf(question.path)
  const answers: Answer[] = []
  for (const method of question.method ? [question.method] : [...ORDINARY, 'OPTIONS']) {
    const match = find(candidates, method === 'HEAD' ? 'GET' : method, segments, 0)
    if (!match) continue
    const known = answers.find((answer) => answer.route === match.route)
    if (known) known.methods.push(method)
    else answers.push({ api: match.api, route: match.route, methods: [method], withoutBase: !whole && match.api.base_path !== '' })
  }
  return answers
}

interface Candidate {
  api: Api
  route: Route
  pattern: string[]
}

function segmentsOf(path: string): string[] {
  return path.replace(/^\//, '').split('/')
}

function isParameter(segment: string): boolean {
  return /^\{[^{}]+\}$/.test(segment)
}

/** The enforcement's own search: it goes back to the next best when a pattern leads nowhere or lacks the method. */
function find(candidates: readonly Candidate[], method: string, segments: string[], at: number): Candidate | undefined {
  const rest = candidates.filter(({ pattern }) => pattern[at] === '**')
  const segment = segments[at]
  if (segment === undefined) {
    return taking(candidates.filter(({ pattern }) => pattern.length === at), method) ?? taking(rest, method)
  }
  const literal = candidates.filter(({ pattern }) => pattern[at] === segment && !isParameter(segment) && segment !== '**')
  const parameter = candidates.filter(({ pattern }) => segment !== '' && isParameter(pattern[at] ?? ''))
  return (
    (literal.length > 0 ? find(literal, method, segments, at + 1) : undefined) ??
    (parameter.length > 0 ? find(parameter, method, segments, at + 1) : undefined) ??
    taking(rest, method)
  )
}

/** The route that names the method, else the one for every method. */
function taking(candidates: readonly Candidate[], method: string): Candidate | undefined {
  return (
    candidates.find(({ route }) => route.methods.includes(method)) ??
    (ORDINARY.includes(method) ? candidates.find(({ route }) => route.methods.length === 0) : undefined)
  )
}

/** Whether a route answers to what was typed: every word somewhere in methods, path, scopes or the API's name. */
export function matchesRoute(api: Api, route: Route, query: string): boolean {
  const text = `${methodWords(route)} ${api.base_path}${route.path} ${route.scopes.join(' ')} ${api.name} ${api.id}`.toLowerCase()
  return query.toLowerCase().split(/\s+/).every((word) => text.includes(word))
}

/** A route's methods, as people read them. */
export function methodWords(route: Pick<Route, 'methods'>): string {
  return route.methods.length > 0 ? route.methods.join(', ') : 'Any method'
}
