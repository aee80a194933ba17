// npm's oidc-provider with one client and nothing but the client credentials grant, for the bench.
// Like Claviger it signs JWT access tokens with ES256; unlike Claviger it keeps everything in memory.
// Prints one line of JSON when it listens.
import { generateKeyPair, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import Provider from 'oidc-provider';

const audience = 'urn:vcc:user-admin';
const clientId = '0193f2f0-5f3c-7b1a-9a52-3c1f6d0e8b47';
const clientSecret = randomBytes(32).toString('hex');

const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
const key = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'bench' };

const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  jwks: { keys: [key] },
  routes: { token: '/oauth2/token' },
  scopes: ['users:read'],
  clients: [{
    client_id: clientId,
    client_secret: clientSecret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'ES256',
    scope: 'users:read',
  }],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        audience,
        scope: 'users:read',
        accessTokenFormat: 'jwt',
        accessTokenTTL: 3600,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});
server.on('request', provider.callback());

const form = new URLSearchParams({ grant_type: 'client_credentials', scope: 'users:read', resource: audience });
console.log(JSON.stringify({ issuer, client_id: clientId, client_secret: clientSecret, form: form.toString() }));
