/** What somebody pasted to ask about a refusal: the ID in it, or why there is none. */
export type Pasted = { request_id: string } | { jti: string } | { fault: string }

/** As a request ID begins; the sealed refusal follows behind a dot. */
const FIRST_PART = /^[0-9a-hjkmnp-tv-z]{26}$/

/**
 * Finds a request ID or a token's jti in what was pasted: alone, in its header, or in the body of the refused
 * answer. Of a whole token its jti is read here; tokens and secrets are not sent.
 */
export function readPasted(text: string): Pasted {
  const trimmed = text.trim()
  if (/clav_[0-9A-Za-z]{20}/.test(trimmed)) {
    return { fault: 'This holds a client secret; it was not sent. Paste the request ID of the refused answer. Rotate the secret if others may have seen it.' }
  }
  const token = /eyJ[\w-]+\.([\w-]+)\.[\w-]*/.exec(trimmed)
  if (token) return jtiOf(token[1] ?? '')
  const named = /"?(?:claviger-request-id|request_id)"?\s*[:=]\s*"?([^\s",}]+)/i.exec(trimmed)
  const id = named?.[1] ?? trimmed
  if (id === '') return { fault: 'Paste a request ID, or a token’s jti.' }
  if (FIRST_PART.test(id)) {
    return { fault: 'This is the first part of a request ID, as logs have it. The refused answer has the whole, which goes on behind a dot.' }
  }
  if (/^[\w-]+\.[\w-]+$/.test(id) && id.length <= 1024) return { request_id: id }
  if (/^[\w-]{1,128}$/.test(id)) return { jti: id }
  return { fault: 'This is neither a request ID nor a token’s jti.' }
}

function jtiOf(payload: string): Pasted {
  try {
    const { jti } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { jti?: unknown }
    if (typeof jti === 'string' && /^[\w-]{1,128}$/.test(jti)) return { jti }
  } catch {
    // Told below.
  }
  return { fault: 'This token has no jti that can be read. Paste the request ID of the refused answer instead.' }
}
