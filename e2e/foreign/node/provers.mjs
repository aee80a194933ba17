// Gets access tokens that are bound to a key, and calls with them, by openid-client's DPoP: one JSON object on
// standard input says from where, one JSON line on standard output an algorithm tells what came (see foreign_dpop_test.go).
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import * as openid from 'openid-client'

const { issuer, client_id, client_secret, calls } = JSON.parse(await text(process.stdin))
const { version } = JSON.parse(readFileSync(new URL('./node_modules/openid-client/package.json', import.meta.url)))

const configuration = await openid.discovery(new URL(issuer), client_id, {}, openid.ClientSecretBasic(client_secret), {
  algorithm: 'oauth2', execute: [openid.allowInsecureRequests],
})

// By default openid-client names the algorithm of Ed25519 as RFC 9864 does.
const names = { [openid.modifyAssertion]: (header) => { if (header.alg === 'Ed25519') header.alg = 'EdDSA' } }

// send makes a call and tells its status.
async function send({ method, url, form }, token, options) {
  const body = form ? new URLSearchParams({ token }) : null
  const outcome = openid.fetchProtectedResource(configuration, token, new URL(url), method, body, new Headers(), options)
  return outcome.then((response) => response.status, (e) => e.response?.status ?? e.status ?? String(e))
}

for (const algorithm of configuration.serverMetadata().dpop_signing_alg_values_supported) {
  const DPoP = openid.getDPoPHandle(configuration, await openid.randomDPoPKeyPair(algorithm), names)
  const other = openid.getDPoPHandle(configuration, await openid.randomDPoPKeyPair(algorithm), names)
  const { access_token, token_type } = await openid.clientCredentialsGrant(configuration, {}, { DPoP })
  const answers = {}
  for (const call of calls) {
    answers[call.name] = [
      await send(call, access_token, { DPoP }), await send(call, access_token, { DPoP }),
      await send(call, access_token, { DPoP: other }), await send(call, access_token),
    ]
  }
  console.log(JSON.stringify({ program: `openid-client ${version}`, way: algorithm, access_token, token_type, answers }))
}
