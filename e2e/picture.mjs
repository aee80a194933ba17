// Takes the picture of the console that the README shows: node picture.mjs FILE
// It fills a demo through the management API as its people would, lets programs
// use some of the credentials, spreads that over the days before, and photographs
// the admin's list.
import { curl, openAs, startBrowser, startDemo } from './stage.mjs'

const file = process.argv[2] ?? '../docs/images/console.png'
const demo = await startDemo()
const browser = await startBrowser()

const of = (email) => demo.users.find((u) => u.email.startsWith(email))
const [amara, jonas, mei, priya] = ['amara', 'jonas', 'mei', 'priya'].map(of)

const day = 24 * 3600 * 1000
const programs = [
  [priya, 'Recording archiver', ['interaction-content:read'], 3],
  [amara, 'Terraform CI', ['claviger:credentials:read', 'claviger:credentials:write'], 0],
  [jonas, 'BI warehouse export', ['stats', 'users:read', 'interaction-content:read'], 21, { expires_at: new Date(Date.now() + 40 * day).toISOString() }],
  [mei, 'Nightly CRM sync – EU', ['users:read'], 12],
  [jonas, 'Payment terminals', ['globalpci'], 8],
  [amara, 'Workforce planner', ['agents-availability:read', 'users:read', 'users:write'], 34],
  [mei, 'Zendesk connector', ['users:read', 'interaction-content:read'], 5],
  [priya, 'Ad-hoc scripts', ['users:read'], 0, {}, 'disable'],
  [amara, 'Webhook provisioning', ['admin:read', 'admin:write'], 2],
]

function manage(person, method, path, body) {
  const args = ['-X', method, `${demo.issuer}/api/v1${path}`, '-H', `Authorization: Bearer ${person.management_token}`]
  if (body) args.push('-H', 'Content-Type: application/json', '-d', JSON.stringify(body))
  const answer = curl(...args)
  if (answer.status >= 300) throw new Error(answer.body)
  return answer.json
}

for (const [person, name, scopes, calls, more = {}, then] of programs) {
  const made = manage(person, 'POST', '/credentials', { name, scopes, ...more })
  for (let i = 0; i < calls; i++) curl(`${demo.issuer}/oauth2/token`, '-u', `${made.client_id}:${made.client_secret}`, '-d', 'grant_type=client_credentials')
  if (then) manage(person, 'POST', `/credentials/${made.client_id}/${then}`)
}
manage(amara, 'GET', '/credentials')
await new Promise((resolve) => setTimeout(resolve, 6000)) // usage is written every few seconds
giveItAPast()

/** The demo is a minute old: its credentials become days old, and each day before saw about the same calls. */
function giveItAPast() {
  const ids = demo.change('SELECT client_id FROM credentials ORDER BY created_at').trim().split('\n')
  ids.forEach((id, place) => {
    const age = (ids.length - place) ** 2 * 3
    const idle = [0, 2, 5, 9, 1, 3][place % 6] * 3600e6
    demo.change(`UPDATE credentials SET created_at = created_at - ${age * day * 1e3},
      last_used_at = CASE WHEN last_used_at > 0 THEN last_used_at - ${idle} ELSE last_used_at END WHERE client_id = '${id}'`)
    for (let before = 1; before < Math.min(14, age); before++) {
      const share = (2 + ((place * 5 + before * 7) % 9)) / 10
      demo.change(`INSERT OR IGNORE INTO usage_days SELECT client_id, day - ${before * day * 1e3}, outcome, scope, max(1, CAST(calls * ${share} AS INTEGER))
        FROM usage_days WHERE client_id = '${id}' AND day > (SELECT max(day) FROM usage_days) - 1`)
    }
  })
}

const { page } = await openAs(browser, demo, { role: 'admin', look: { viewport: { width: 1280, height: 900 }, deviceScaleFactor: 2 } })
await page.getByRole('link', { name: 'Terraform CI' }).waitFor()
await page.evaluate(() => document.fonts.ready)
await page.mouse.move(640, 890)
await page.screenshot({ path: file })
await browser.close()
await demo.stop()
