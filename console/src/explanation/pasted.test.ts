import { expect, test } from 'vitest'
import { readPasted } from './pasted'

const FIRST = '01k6sc8vqe9v7n4h2m5x3a1btd'
const WHOLE = `${FIRST}.mFzAw-x_9`
const token = (claims: object) => `eyJhbGciOiJFUzI1NiJ9.${btoa(JSON.stringify(claims)).replaceAll('=', '')}.c2ln`

test.each([
  ['alone', ` ${WHOLE}\n`],
  ['in its header', `Claviger-Request-Id: ${WHOLE}`],
  ['in the answer of curl -i', `HTTP/1.1 403 Forbidden\r\nclaviger-request-id: ${WHOLE}\r\nContent-Length: 1`],
  ['in the body', `{"status":403,"request_id":"${WHOLE}","code":"insufficient_scope"}`],
])('a request ID is found %s', (_, text) => {
  expect(readPasted(text)).toEqual({ request_id: WHOLE })
})

test('a jti is one, alone or in its token, and the token is left out', () => {
  expect(readPasted('Y-apzWd9A3Rw1Jxfp_DDBW')).toEqual({ jti: 'Y-apzWd9A3Rw1Jxfp_DDBW' })
  expect(readPasted(`Authorization: Bearer ${token({ jti: 'Y-apzWd9', scope: 'stats' })}`)).toEqual({ jti: 'Y-apzWd9' })
})

test.each([
  ['nothing', '  ', 'Paste'],
  ['a secret', `CLIENT_SECRET=clav_${'a'.repeat(49)}`, 'secret'],
  ['a token without a jti', token({ sub: 'x' }), 'no jti'],
  ['a token that is none', 'eyJhbGciOiJFUzI1NiJ9.x.y', 'no jti'],
  ['the part that logs have', FIRST, 'behind a dot'],
  ['a sentence', 'why was I refused', 'neither'],
])('%s is no question, and is told why', (_, text, words) => {
  const read = readPasted(text)
  expect('fault' in read && read.fault).toContain(words)
})
