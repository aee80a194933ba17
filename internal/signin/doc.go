// Package signin renders the pages by which people sign in, set up a new server
// and sign out, and the pages of errors and unknown addresses. They are plain
// HTML (html/template) with one stylesheet and no JavaScript.
//
// Make Pages with New and give its routes to a web.Router with Register. What a
// link or a session is worth is decided in internal/login; this package parses,
// sets the cookie and renders. It must not know the store, nor other surfaces.
//
// A link's token stands in its path, so the path is never logged (internal/web
// logs the pattern) and never leaves in a Referer (Referrer-Policy:
// same-origin; no-referrer would make Chromium send "Origin: null" with the
// form).
package signin
