import { Problem } from './problem'
import { signInPath } from './sign-in'
import type { ProblemBody } from './types'

const BASE = '/api/v1'
const TIMEOUT_MS = 30_000

/** An answer with the version tag that a later edit sends back as If-Match. */
export interface Versioned<T> {
  value: T
  etag: string
}

export interface RequestOptions {
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

/** Asks the person to confirm who they are, through the given client; true once they did, false when they would not. */
export type ConfirmIdentity = (api: ApiClient) => Promise<boolean>

/**
 * Speaks to the management API as the signed-in person within one account. The session cookie proves who;
 * the Claviger-Account header says in which account, and the server checks the membership each time.
 */
export class ApiClient {
  readonly accountID: string | undefined
  private readonly confirmIdentity: ConfirmIdentity | undefined

  /**
   * Without an account the server answers for the person's usual one; only GET /me makes use of that. Without
   * `confirmIdentity` a refusal that wants it is a refusal like any other.
   */
  constructor(accountID?: string, confirmIdentity?: ConfirmIdentity) {
    this.accountID = accountID
    this.confirmIdentity = confirmIdentity
  }

  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return (await this.send<T>('GET', path, { signal })).value
  }

  getVersioned<T>(path: string, signal?: AbortSignal): Promise<Versioned<T>> {
    return this.send<T>('GET', path, { signal })
  }

  async post<T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
    return (await this.send<T>('POST', path, { body, ...(headers && { headers }) })).value
  }

  /** Replaces the whole; with `etag` only what has not changed since it was read, else it fails with status 412. */
  put<T = undefined>(path: string, body: unknown, etag?: string): Promise<Versioned<T>> {
    return this.send<T>('PUT', path, { body, ...(etag && { headers: { 'If-Match': etag } }) })
  }

  /** Edits what has not changed since `etag` was read, else fails with status 412; what has no versions has no `etag`. */
  patch<T>(path: string, body: unknown, etag?: string): Promise<Versioned<T>> {
    return this.send<T>('PATCH', path, {
      body,
      headers: { 'Content-Type': 'application/merge-patch+json', ...(etag && { 'If-Match': etag }) },
    })
  }

  async delete(path: string): Promise<void> {
    await this.send<undefined>('DELETE', path, {})
  }

  /**
   * Sends a request. One that the server refuses until the person has confirmed who they are is sent once more
   * after they did: whoever asked for it waits meanwhile, and keeps what was typed.
   */
  private async send<T>(method: string, path: string, options: RequestOptions): Promise<Versioned<T>> {
    try {
      return await this.sendOnce<T>(method, path, options)
    } catch (refusal) {
      if (!this.confirmIdentity || !wantsProof(refusal)) throw refusal
    }
    if (!(await this.confirmIdentity(new ApiClient(this.accountID)))) throw notConfirmed()
    try {
      return await this.sendOnce<T>(method, path, options)
    } catch (refusal) {
      throw wantsProof(refusal) ? notConfirmed() : refusal
    }
  }

  private async sendOnce<T>(method: string, path: string, options: RequestOptions): Promise<Versioned<T>> {
    const headers = new Headers({ Accept: 'application/json' })
    if (this.accountID) headers.set('Claviger-Account', this.accountID)
    if (options.body !== undefined) headers.set('Content-Type', 'application/json')
    for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value)
    const signals = [AbortSignal.timeout(TIMEOUT_MS), ...(options.signal ? [options.signal] : [])]
    let response: Response
    try {
      response = await fetch(BASE + path, {
        method,
        headers,
        body: options.body === undefined ? null : JSON.stringify(options.body),
        signal: AbortSignal.any(signals),
      })
    } catch (cause) {
      if (options.signal?.aborted) throw cause
      throw new Problem(0, {})
    }
    if (response.status === 401) return leaveToSignIn()
    if (!response.ok) throw new Problem(response.status, await problemBody(response))
    const value = (response.status === 204 ? undefined : await response.json()) as T
    return { value, etag: response.headers.get('ETag') ?? '' }
  }
}

/** The session is over: the browser goes to the sign-in page, and nothing more happens on this one. */
function leaveToSignIn(): Promise<never> {
  window.location.assign(signInPath())
  return new Promise(() => {})
}

function wantsProof(refusal: unknown): boolean {
  return refusal instanceof Problem && refusal.code === 'reauthentication_required'
}

/** What a form says when the person turned the question away, or could not answer it. */
function notConfirmed(): Problem {
  return new Problem(403, {
    code: 'identity_not_confirmed',
    detail: 'Nothing was changed: this needs you to confirm that it is you.',
  })
}

async function problemBody(response: Response): Promise<Partial<ProblemBody>> {
  if (!/json/.test(response.headers.get('Content-Type') ?? '')) return {}
  return (await response.json().catch(() => ({}))) as Partial<ProblemBody>
}
