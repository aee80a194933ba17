// Gets access tokens with npm's OAuth clients: one JSON object on standard input says from where, one JSON
// line on standard output a way tells what came (see foreign_client_test.go).
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { ClientCredentials } from 'simple-oauth2'

const { issuer, token_endpoint, client_id, client_secret, scope } = JSON.parse(await text(process.stdin))
const wrongSecret = client_secret.slice(0, -1) + (client_secret.endsWith('0') ? '1' : '0')

function version(name) {
  const { version } = JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url)))
  return `${name} ${version}`
}

// report runs one way three times: as it should be, with a wrong secret, with a scope that nobody has.
async function report(name, way, get, errorCode) {
  const { access_token, token_type, expires_in, scope: granted } = await get(client_secret, scope)
  const refusal = (secret, scope) => get(secret, scope).then(() => 'none', errorCode)
  console.log(JSON.stringify({
    program: version(name), way, access_token, token_type, expires_in, scope: granted,
    wrong_secret: await refusal(wrongSecret, scope), wrong_scope: await refusal(client_secret, 'no:such'),
  }))
}

// An answer with WWW-Authenticate is told as a challenge, with its body left unread.
async function errorCode(e) {
  const response = e.response ?? e.cause?.response
  return e.error ?? (await response?.json())?.error ?? String(e)
}

async function openidClient() {
  const ways = { Basic: openid.ClientSecretBasic, body: openid.ClientSecretPost }
  for (const [method, authentication] of Object.entries(ways)) {
    for (const algorithm of ['oauth2', 'oidc']) {
      const get = async (secret, scope) => {
        const configuration = await openid.discovery(new URL(issuer), client_id, {}, authentication(secret), {
          algorithm, execute: [openid.allowInsecureRequests],
        })
        return openid.clientCredentialsGrant(configuration, { scope })
      }
      const document = algorithm === 'oidc' ? 'openid-configuration' : 'oauth-authorization-server'
      await report('openid-client', `${document}, ${method}`, get, errorCode)
    }
  }
}

async function oauth4webapi() {
  const insecure = { [oauth.allowInsecureRequests]: true }
  const ways = { Basic: oauth.ClientSecretBasic, body: oauth.ClientSecretPost }
  for (const [method, authentication] of Object.entries(ways)) {
    const get = async (secret, scope) => {
      const url = new URL(issuer)
      const found = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure })
      const server = await oauth.processDiscoveryResponse(url, found)
      const client = { client_id }
      const parameters = new URLSearchParams({ scope })
      const response = await oauth.clientCredentialsGrantRequest(server, client, authentication(secret), parameters, insecure)
      return oauth.processClientCredentialsResponse(server, client, response)
    }
    await report('oauth4webapi', `oauth-authorization-server, ${method}`, get, errorCode)
  }
}

async function simpleOAuth2() {
  const { origin, pathname } = new URL(token_endpoint)
  const ways = { Basic: 'header', body: 'body' }
  for (const [method, authorizationMethod] of Object.entries(ways)) {
    for (const credentialsEncodingMode of method === 'Basic' ? ['strict', 'loose'] : ['strict']) {
      const get = async (secret, scope) => {
        const client = new ClientCredentials({
          client: { id: client_id, secret },
          auth: { tokenHost: origin, tokenPath: pathname },
          options: { authorizationMethod, credentialsEncodingMode },
        })
        return (await client.getToken({ scope })).token
      }
      const way = method === 'Basic' ? `Basic, ${credentialsEncodingMode} encoding` : method
      await report('simple-oauth2', way, get, (e) => e.data?.payload?.error ?? String(e))
    }
  }
}

await openidClient()
await oauth4webapi()
await simpleOAuth2()
