// Verifies access tokens with npm's jose against the server's JWK Set: one JSON object on standard input, one
// JSON line on standard output (see foreign_verifier_test.go).
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const { issuer, jwks_uri, audience, algorithm, tokens } = JSON.parse(await text(process.stdin))
const { version } = JSON.parse(readFileSync(new URL('./node_modules/jose/package.json', import.meta.url)))

const keys = createRemoteJWKSet(new URL(jwks_uri))
const options = {
  issuer, audience, algorithms: [algorithm], typ: 'at+jwt',
  requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'], // RFC 9068 section 2.2
}
const verdicts = {}
for (const [name, token] of Object.entries(tokens)) {
  verdicts[name] = await jwtVerify(token, keys, options).then(
    ({ payload }) => ({ client_id: payload.client_id }),
    (error) => ({ refused: String(error) }),
  )
}
console.log(JSON.stringify({ program: `jose ${version}`, verdicts }))
