// Gets access tokens with assertions that openid-client signs: one JSON object on standard input says from
// where, one JSON line on standard output a way tells what came (see foreign_assertion_test.go).
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import * as openid from 'openid-client'

const { issuer, client_id, private_key } = JSON.parse(await text(process.stdin))
const { version } = JSON.parse(readFileSync(new URL('./node_modules/openid-client/package.json', import.meta.url)))

const key = await crypto.subtle.importKey('jwk', private_key, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])

// configuration finds the server and signs for it; change may alter the payload before it is signed.
async function configuration(change = () => {}) {
  const authentication = openid.PrivateKeyJwt({ key, kid: private_key.kid }, {
    [openid.modifyAssertion]: (_header, payload) => change(payload),
  })
  return openid.discovery(new URL(issuer), client_id, {}, authentication, {
    algorithm: 'oauth2', execute: [openid.allowInsecureRequests],
  })
}

const { access_token, token_type } = await openid.clientCredentialsGrant(await configuration(), {})
const elsewhere = await configuration((payload) => { payload.aud = 'https://other.example' })
const refused = await openid.clientCredentialsGrant(elsewhere, {}).then(
  () => 'none',
  async (e) => e.error ?? (await (e.response ?? e.cause).json?.())?.error ?? String(e),
)
console.log(JSON.stringify({ program: `openid-client ${version}`, way: 'private_key_jwt', access_token, token_type, refused }))
