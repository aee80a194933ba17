import { afterEach, expect, test, vi } from 'vitest'
import { ApiClient } from './client'
import { Problem } from './problem'

interface Sent {
  path: string
  method: string
  headers: Headers
  body: unknown
}

/** Answers in turn, and notes what was sent. */
function serve(...answers: [status: number, body?: object][]): Sent[] {
  const sent: Sent[] = []
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    sent.push({ path, method: init.method ?? '', headers: init.headers as Headers, body: init.body })
    const [status, body] = answers[sent.length - 1] ?? [500]
    const headers = { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' }
    return new Response(status === 204 ? null : JSON.stringify(body ?? {}), { status, headers })
  })
  return sent
}

const REFUSED: [number, object] = [403, { code: 'reauthentication_required', detail: 'Confirm that it is you.' }]

afterEach(() => vi.unstubAllGlobals())

test('a request that wants a fresh proof is sent again, unchanged, once the person gave it', async () => {
  const sent = serve(REFUSED, [201, { client_id: 'c1' }])
  const confirm = vi.fn(async () => true)
  const api = new ApiClient('a1', confirm)
  await expect(api.post('/credentials', { name: 'n' }, { 'Idempotency-Key': 'k' })).resolves.toEqual({ client_id: 'c1' })
  expect(confirm).toHaveBeenCalledOnce()
  expect(sent).toHaveLength(2)
  expect(sent[1]).toEqual(sent[0])
  expect(sent[1]?.headers.get('Idempotency-Key')).toBe('k')
})

test('who turns the question away is told that nothing was changed, and nothing is sent', async () => {
  const sent = serve(REFUSED, [204])
  const refusal = await new ApiClient('a1', async () => false).delete('/users/u1').catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(Problem)
  expect(refusal).toMatchObject({ code: 'identity_not_confirmed', message: expect.stringContaining('Nothing was changed') })
  expect(sent).toHaveLength(1)
})

test('a second refusal is final: the question is asked once a request', async () => {
  const sent = serve(REFUSED, REFUSED)
  const confirm = vi.fn(async () => true)
  await expect(new ApiClient('a1', confirm).put('/me/password', {})).rejects.toMatchObject({ code: 'identity_not_confirmed' })
  expect(confirm).toHaveBeenCalledOnce()
  expect(sent).toHaveLength(2)
})

test('any other refusal asks nothing', async () => {
  serve([403, { code: 'forbidden', detail: 'No.' }])
  const confirm = vi.fn(async () => true)
  await expect(new ApiClient('a1', confirm).delete('/users/u1')).rejects.toMatchObject({ code: 'forbidden' })
  expect(confirm).not.toHaveBeenCalled()
})

test('the proof goes through a client of the same account that asks nothing itself', async () => {
  const sent = serve(REFUSED, REFUSED, [204])
  const api = new ApiClient('a1', async (through) => {
    await through.post('/me/reauthenticate', { password: 'p' }).catch(() => undefined)
    return false
  })
  await api.delete('/users/u1').catch(() => undefined)
  expect(sent.map((each) => each.path)).toEqual(['/api/v1/users/u1', '/api/v1/me/reauthenticate'])
  expect(sent[1]?.headers.get('Claviger-Account')).toBe('a1')
})
