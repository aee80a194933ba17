import { tokenScopes } from '../scope/catalogue'

/** What a program needs to get a token: the answer to a creation or rotation. */
export interface IssuedSecret {
  name: string
  clientID: string
  secret: string
  scopes: readonly string[]
}

export const SNIPPET_KINDS = ['curl', 'env', 'json'] as const
export type SnippetKind = (typeof SNIPPET_KINDS)[number]

export const SNIPPET_LABELS: Record<SnippetKind, string> = { curl: 'curl', env: '.env', json: 'JSON' }

/**
 * The secret in a form to paste. Client IDs, secrets and scopes hold no character that a shell, a dotenv
 * reader or JSON would treat specially within the quotes used here.
 */
export function snippet(kind: SnippetKind, issued: IssuedSecret, origin: string): string {
  const tokenURL = `${origin}/oauth2/token`
  const scope = tokenScopes(issued.scopes).join(' ')
  switch (kind) {
    case 'curl':
      return [
        `curl ${tokenURL} \\`,
        `  -u '${issued.clientID}:${issued.secret}' \\`,
        '  -d grant_type=client_credentials \\',
        `  --data-urlencode 'scope=${scope}'`,
      ].join('\n')
    case 'env':
      return [
        `CLIENT_ID=${issued.clientID}`,
        `CLIENT_SECRET=${issued.secret}`,
        `TOKEN_URL=${tokenURL}`,
        `SCOPE="${scope}"`,
        '',
      ].join('\n')
    case 'json':
      return `${JSON.stringify(
        { name: issued.name, client_id: issued.clientID, client_secret: issued.secret, token_url: tokenURL, scope },
        null,
        2,
      )}\n`
  }
}

/** A file name made of the credential's name: "Nightly CRM sync – EU" becomes "nightly-crm-sync-eu.env". */
export function fileName(name: string, extension: string): string {
  const stem = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
  return `${stem || 'api-credential'}.${extension}`
}
