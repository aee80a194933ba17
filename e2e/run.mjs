// The main job in a real browser, against the real binary: a supervisor creates
// an API credential, programs use it through every door, an admin ends it.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { accountLevel, accountPage, switching } from './account.mjs'
import { auditLogPage, refusalsAppear } from './audit-log.mjs'
import { authentication } from './authentication.mjs'
import { cataloguePage } from './catalogue.mjs'
import { explanationPage } from './explanation.mjs'
import { limits } from './limits.mjs'
import { help, scopesPage } from './scopes.mjs'
import { reauthentication, securityPage } from './security.mjs'
import { accessible, curl, gone, openAs, startBrowser, startDemo } from './stage.mjs'
import { usagePages } from './usage.mjs'
import { usersPage } from './users.mjs'

const pictures = process.env.E2E_PICTURES
if (pictures) mkdirSync(pictures, { recursive: true })

let passed = 0
async function step(name, run) {
  try {
    const value = await run()
    passed++
    console.log(`ok   ${name}`)
    return value
  } catch (error) {
    console.log(`FAIL ${name}`)
    throw error
  }
}

const shot = (page, name) => (pictures ? page.screenshot({ path: `${pictures}/${name}.png` }) : undefined)

const demo = await startDemo()
const browser = await startBrowser()
const tokenByBasic = (id, secret, ...more) => curl(`${demo.issuer}/oauth2/token`, '-u', `${id}:${secret}`, '-d', 'grant_type=client_credentials', ...more)

const gateway = (path, token) => curl(`${demo.gateway_url}${path}`, '-H', `Authorization: Bearer ${token}`)

const forwardAuth = (path, token) =>
  curl(`${demo.issuer}/forward-auth`, '-H', `Authorization: Bearer ${token}`, '-H', 'X-Forwarded-Method: GET', '-H', 'X-Forwarded-Proto: https', '-H', 'X-Forwarded-Host: api.example.com', '-H', `X-Forwarded-Uri: ${path}`)

let failed = 0
try {
  await mainJob()
} catch (error) {
  failed++
  console.error(error)
} finally {
  await browser.close()
  await demo.stop().catch((error) => {
    failed++
    console.error(error)
  })
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)

async function mainJob() {
  const supervisor = await openAs(browser, demo, { role: 'supervisor' })
  const made = await supervisorCreates(supervisor)
  const token = programsCall(made)
  await supervisorLooksAgain(supervisor, made)
  const admin = await openAs(browser, demo, { role: 'admin' })
  await adminSeesAndDeletes(admin, made)
  await everythingRefuses(made, await token)
  await agentSeesNothing()
  const stage = { step, shot, demo, browser }
  await auditLogPage(stage, made)
  await scopesPage(stage)
  await usersPage(stage)
  await cataloguePage(stage)
  await usagePages(stage)
  await limits(stage)
  await authentication(stage)
  await explanationPage(stage)
  await switching(stage)
  await accountPage(stage)
  await accountLevel(stage)
  await securityPage(stage)
  await reauthentication(stage)
  await help(stage)
  await otherLooks()
  await refusalsAppear(stage)
  for (const who of [supervisor, admin]) assert.deepEqual(who.complaints, [], `the browser complained to ${who.person.email}`)
}

async function supervisorCreates({ page }) {
  await step('a supervisor lands on API Credentials without tabs and without others\' credentials', async () => {
    await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/settings/api-credentials')
    assert.equal(await page.getByRole('tab').count(), 0)
    await accessible(page, 'the empty list')
    await shot(page, 'empty')
  })
  const picker = page.getByRole('combobox', { name: 'Scopes' })
  await step('exactly the two VCC scopes and the claviger:credentials group are on offer', async () => {
    await page.getByRole('button', { name: 'Create New' }).first().click()
    await page.getByRole('dialog', { name: 'Create API Credentials' }).waitFor()
    await picker.click()
    const options = page.getByRole('option')
    await options.first().waitFor()
    const values = (await options.locator('code').allTextContents()).sort()
    assert.deepEqual(values, ['interaction-content:read', 'users:read'])
    await accessible(page, 'the scope picker')
    await shot(page, 'picker')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog', { name: 'Create API Credentials' }).waitFor() // Esc closes the list alone
    await page.getByRole('button', { name: /Claviger’s own scopes/ }).click()
    const own = (await page.getByRole('dialog').locator('fieldset code').allTextContents()).sort()
    assert.deepEqual(own, ['claviger:credentials:read', 'claviger:credentials:write'])
    await page.getByRole('button', { name: /Claviger’s own scopes/ }).click()
  })
  return step('it creates one and takes the secret, shown once', async () => {
    await page.getByRole('textbox', { name: 'Name' }).fill('Nightly CRM sync – EU')
    await picker.click()
    await page.getByRole('option', { name: /Read VCC user details/ }).click()
    await page.keyboard.press('Escape')
    await accessible(page, 'the create dialog')
    await shot(page, 'create')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByRole('dialog', { name: 'Success' }).waitFor()
    await accessible(page, 'Success')
    await shot(page, 'success')
    const id = await page.getByLabel('Client ID', { exact: true }).inputValue()
    await page.getByRole('button', { name: 'Copy client secret' }).click()
    const secret = await page.evaluate(() => navigator.clipboard.readText())
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    assert.match(secret, /^clav_[0-9A-Za-z]{49}$/)
    await page.evaluate(() => navigator.clipboard.writeText(''))
    await page.getByRole('button', { name: 'OK' }).click()
    await gone(page.getByRole('dialog'))
    assert.ok(!(await page.content()).includes(secret), 'the secret is gone from the page')
    return { id, secret }
  })
}

async function supervisorLooksAgain({ page }, { id, secret }) {
  await step('reload, back and the credential\'s own page never show the secret again', async () => {
    const bodies = []
    page.on('response', async (r) => bodies.push(await r.text().catch(() => '')))
    await page.reload()
    await page.getByRole('link', { name: 'Nightly CRM sync – EU' }).click()
    await page.waitForURL(`**/settings/api-credentials/${id}**`)
    await page.getByRole('button', { name: 'Save API credential' }).waitFor()
    await accessible(page, 'the edit page')
    await shot(page, 'edit')
    const seen = [await page.content()]
    await page.goBack()
    await page.getByRole('link', { name: 'Nightly CRM sync – EU' }).waitFor()
    seen.push(await page.content())
    await page.goForward()
    await page.getByRole('button', { name: 'Save API credential' }).waitFor()
    seen.push(await page.content())
    assert.ok(bodies.length > 3, 'the answers were looked at')
    for (const text of [...seen, ...bodies]) assert.ok(!text.includes(secret.slice(5, 40)), 'the secret shows again')
  })
  await step('leaving an edited form asks first, by a link and by going back', async () => {
    const name = page.getByRole('textbox', { name: 'Name' })
    const question = page.getByRole('dialog', { name: 'Leave without saving?' })
    await name.fill('Not saved')
    await page.getByRole('link', { name: 'Scopes & APIs' }).click()
    await question.waitFor()
    await accessible(page, 'the question before leaving')
    await shot(page, 'leaving')
    await page.keyboard.press('Escape')
    await gone(question)
    assert.equal(await name.inputValue(), 'Not saved')
    await page.evaluate(() => history.back())
    await question.getByRole('button', { name: 'Leave' }).click()
    await page.waitForURL((url) => url.pathname === '/settings/api-credentials')
    await page.getByRole('link', { name: 'Nightly CRM sync – EU' }).click()
    await page.getByRole('button', { name: 'Save API credential' }).waitFor()
    assert.equal(await name.inputValue(), 'Nightly CRM sync – EU')
  })
  await step('the name is edited with Save API credential', async () => {
    await page.getByRole('textbox', { name: 'Name' }).fill('Nightly CRM sync')
    await page.getByRole('button', { name: 'Save API credential' }).click()
    await page.getByRole('heading', { name: 'Nightly CRM sync', level: 1 }).waitFor()
  })
  await step('rotating shows a second secret, and both work', async () => {
    await page.getByRole('button', { name: /^Rotate/ }).first().click()
    await page.getByRole('dialog').getByRole('button', { name: /^Rotate/ }).waitFor()
    await accessible(page, 'the rotate dialog')
    await shot(page, 'rotate')
    await page.getByRole('dialog').getByRole('button', { name: /^Rotate/ }).click()
    await page.getByRole('dialog', { name: 'Success' }).waitFor()
    await page.getByRole('button', { name: 'Copy client secret' }).click()
    const second = await page.evaluate(() => navigator.clipboard.readText())
    await page.getByRole('button', { name: 'OK' }).click()
    assert.notEqual(second, secret)
    for (const each of [secret, second]) assert.equal(tokenByBasic(id, each).status, 200)
  })
}

async function programsCall({ id, secret }) {
  const token = await step('curl gets a token by Basic, by body, and on /auth/CONNECT/token', async () => {
    const basic = tokenByBasic(id, secret)
    const body = curl(`${demo.issuer}/oauth2/token`, '-d', `grant_type=client_credentials&client_id=${id}&client_secret=${secret}&scope=users:read`)
    const vcc = curl(`${demo.issuer}/auth/CONNECT/token`, '-d', `grant_type=client_credentials&client_id=${id}&client_secret=${secret}&scope=users:read`)
    for (const answer of [basic, body, vcc]) assert.equal(answer.status, 200, answer.body)
    assert.deepEqual(Object.keys(vcc.json).sort(), ['access_token', 'expires_in', 'token_type'])
    assert.equal(vcc.json.expires_in, 7200)
    assert.equal(basic.json.scope, 'users:read')
    return basic.json.access_token
  })
  await step('the gateway answers 200, then 403 naming the scope it lacks, and 401 with nothing', async () => {
    assert.equal(gateway('/useradmin/users', token).status, 200)
    const lacking = gateway('/insights/stats/today', token)
    assert.equal(lacking.status, 403)
    assert.ok(lacking.body.includes('stats'), lacking.body)
    assert.equal(curl(`${demo.gateway_url}/useradmin/users`).status, 401)
    assert.equal(forwardAuth('/useradmin/users', token).status, 200)
  })
  return token
}

async function adminSeesAndDeletes({ page }, { id }) {
  await step('the admin sees it under All Credentials and not under My Credentials', async () => {
    await page.getByRole('link', { name: 'Nightly CRM sync' }).waitFor()
    await accessible(page, 'the admin\'s list')
    await shot(page, 'admin-list')
    await page.getByRole('button', { name: /All Credentials/ }).click()
    await page.getByRole('menuitemradio', { name: 'My Credentials' }).click()
    await gone(page.getByRole('link', { name: 'Nightly CRM sync' }))
    await page.getByRole('button', { name: /My Credentials/ }).click()
    await page.getByRole('menuitemradio', { name: 'All Credentials' }).click()
  })
  await step('the admin cannot edit it', async () => {
    await page.getByRole('link', { name: 'Nightly CRM sync' }).click()
    await page.waitForURL(`**/settings/api-credentials/${id}**`)
    await page.getByRole('button', { name: 'Delete' }).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Save API credential' }).count(), 0)
    assert.equal(await page.getByRole('button', { name: /^Rotate/ }).count(), 0)
    await accessible(page, 'the read-only page')
    await shot(page, 'read-only')
    const refused = curl(`${demo.issuer}/api/v1/credentials/${id}`, '-X', 'PATCH', '-H', `Authorization: Bearer ${demo.users[0].management_token}`, '-H', 'Content-Type: application/json', '-d', '{"name":"mine now"}')
    assert.equal(refused.status, 403, refused.body)
  })
  await step('the admin deletes it, typing its name', async () => {
    await page.getByRole('button', { name: 'Delete' }).click()
    const dialog = page.getByRole('alertdialog').or(page.getByRole('dialog'))
    await dialog.getByRole('textbox').fill('Nightly CRM sync')
    await accessible(page, 'the delete dialog')
    await shot(page, 'delete')
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await page.waitForURL((url) => url.pathname === '/settings/api-credentials')
    await gone(page.getByRole('link', { name: 'Nightly CRM sync' }))
  })
}

async function everythingRefuses({ id, secret }, token) {
  await step('then token endpoint, gateway and forward-auth all refuse, the live token too', async () => {
    const again = tokenByBasic(id, secret)
    assert.equal(again.status, 401)
    assert.equal(again.json.error, 'invalid_client')
    assert.equal(gateway('/useradmin/users', token).status, 401)
    assert.equal(forwardAuth('/useradmin/users', token).status, 401)
  })
}

async function agentSeesNothing() {
  await step('an agent finds no API Credentials area', async () => {
    const agent = await openAs(browser, demo, { role: 'agent' })
    await agent.page.goto(`${demo.issuer}/settings/api-credentials`)
    await agent.page.getByText(/not found|nothing here/i).first().waitFor()
    assert.equal(await agent.page.getByRole('link', { name: 'API Credentials' }).count(), 0)
    await accessible(agent.page, 'the agent\'s page')
    await agent.context.close()
  })
}

async function otherLooks() {
  for (const [name, look] of [
    ['dark', { colorScheme: 'dark' }],
    ['phone', { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true }],
    ['narrow', { viewport: { width: 320, height: 640 } }],
  ]) {
    await step(`${name}: list, create and help are accessible and do not scroll sideways`, async () => {
      const { context, page, complaints } = await openAs(browser, demo, { role: 'admin', look })
      await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
      await accessible(page, `the list, ${name}`)
      await shot(page, `list-${name}`)
      await page.getByRole('button', { name: 'Create New' }).first().click()
      await page.getByRole('dialog', { name: 'Create API Credentials' }).waitFor()
      await accessible(page, `the create dialog, ${name}`)
      await shot(page, `create-${name}`)
      await context.close()
      assert.deepEqual(complaints, [], `the browser complained, ${name}`)
    })
  }
}
