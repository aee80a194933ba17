// The catalogue editor in a real browser: an admin of the operator account
// changes APIs, routes and scopes, sees what that starts and stops, and is told
// what stands in the way; nobody else finds it.
import assert from 'node:assert/strict'
import { writeFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accessible, curl, gone, openAs } from './stage.mjs'

const VIEW = 'View agent availability'

export async function cataloguePage({ step, shot, demo, browser }) {
  const stage = { step, shot, demo, browser }
  const { context, page, complaints } = await openAs(browser, demo, { role: 'admin' })
  await adds(stage, page)
  await retires(stage, page)
  await isTold(stage, page)
  await meets(stage, page)
  await asText(stage, page)
  await context.close()
  // A refusal is a failed request, and the browser says so; nothing else.
  assert.deepEqual(complaints.filter((c) => !/status of (409|412|422)/.test(c)), [], 'the browser complained about the catalogue')
  await notThere(stage)
  await otherLooks(stage)
}

const save = async (page) => {
  await page.getByRole('button', { name: 'Save catalogue' }).click()
  await gone(page.getByRole('dialog'))
  await page.getByText('Nothing is changed.').waitFor()
}

async function adds({ step, shot }, page) {
  await step('an admin of the operator account adds an API with a scope and a route', async () => {
    await page.getByRole('link', { name: 'Scopes & APIs' }).click()
    await page.getByRole('link', { name: 'Edit catalogue' }).click()
    await page.getByRole('heading', { name: 'Edit catalogue', level: 1 }).waitFor()
    await page.getByText('Nothing is changed.').waitFor()
    await accessible(page, 'the catalogue')
    await shot(page, 'catalogue')
    await page.getByRole('button', { name: 'Add API' }).click()
    const api = page.getByRole('list', { name: 'APIs' }).locator(':scope > li').last()
    await api.getByRole('textbox', { name: 'ID', exact: true }).fill('orders')
    await api.getByRole('textbox', { name: 'Name', exact: true }).fill('Orders API')
    await api.getByRole('textbox', { name: 'Audience' }).fill('urn:example:orders')
    await api.getByRole('textbox', { name: 'Base path' }).fill('/orders')
    await api.getByRole('button', { name: 'Add scope' }).click()
    await api.getByRole('textbox', { name: 'Value' }).fill('orders:read')
    await api.getByRole('textbox', { name: 'Description' }).fill('Read orders')
    await api.getByRole('button', { name: 'Add route' }).click()
    await api.getByRole('textbox', { name: 'Methods' }).fill('get')
    await api.getByRole('textbox', { name: 'Path', exact: true }).fill('/{id}')
    await api.getByRole('combobox', { name: /^Add a scope/ }).selectOption('orders:read')
    await accessible(page, 'a new API')
    await shot(page, 'catalogue-new-api')
    await page.getByRole('button', { name: 'Review and save' }).click()
    const dialog = page.getByRole('dialog', { name: 'Review changes' })
    await dialog.getByText('Tokens can be had for urn:example:orders.').waitFor()
    await dialog.getByText('Admins may give it to credentials.').waitFor()
    await accessible(page, 'the review')
    await shot(page, 'catalogue-review')
    await save(page)
    await page.getByRole('link', { name: 'Scopes & APIs' }).last().click()
    await page.getByRole('button', { name: 'Read orders' }).waitFor()
  })
}

async function openApi(page, name) {
  await page.getByRole('button', { name, exact: true }).click()
}

/** The form of one scope, of an API that is open. */
function scopeForm(page, value) {
  return page.getByRole('listitem').filter({ has: page.getByRole('button', { name: `Remove scope ${value}`, exact: true }) }).filter({ has: page.getByRole('textbox', { name: 'Value' }) }).last()
}

async function retires({ step, shot, demo }, page) {
  const admin = demo.users[0]
  await step('dropping a scope that a credential holds is refused, and retiring is offered', async () => {
    const made = curl(`${demo.issuer}/api/v1/credentials`, '-X', 'POST', '-H', `Authorization: Bearer ${admin.management_token}`, '-H', 'Content-Type: application/json', '-d', JSON.stringify({ name: 'Order watcher', scopes: ['orders:read'], level: 'user' }))
    assert.equal(made.status, 201, made.body)
    await page.goto(`${demo.issuer}/settings/scopes/catalogue`)
    await openApi(page, 'Orders API')
    await page.getByText('1 credential of this account holds it.').waitFor()
    await page.getByRole('button', { name: 'Remove route /{id}' }).click()
    await page.getByRole('button', { name: 'Remove scope orders:read' }).click()
    await page.getByRole('button', { name: 'Review and save' }).click()
    const dialog = page.getByRole('dialog', { name: 'Review changes' })
    await dialog.getByText('1 credential of this account holds it; those of other accounts are not seen from here.').waitFor()
    await dialog.getByRole('button', { name: 'Save catalogue' }).click()
    await dialog.getByRole('button', { name: 'Retire instead of removing' }).waitFor()
    await accessible(page, 'a scope that is held')
    await shot(page, 'catalogue-held')
    await dialog.getByRole('button', { name: 'Retire instead of removing' }).click()
    await dialog.getByText(/^Credentials keep it without effect/).waitFor()
    await shot(page, 'catalogue-retire')
    await save(page)
  })
  await step('the retired scope stops the credential, and taking it back starts it again', async () => {
    const held = () => curl(`${demo.issuer}/api/v1/credentials?q=Order`, '-H', `Authorization: Bearer ${admin.management_token}`).json.credentials[0]
    assert.equal(held().status, 'suspended')
    await scopeForm(page, 'orders:read').getByRole('checkbox', { name: 'Retired' }).uncheck()
    await page.getByRole('button', { name: 'Review and save' }).click()
    await page.getByRole('dialog').getByText('Credentials that kept it may use it again at once.').waitFor()
    await save(page)
    assert.equal(held().status, 'active')
  })
}

async function isTold({ step, shot }, page) {
  await step('what the server finds wrong stands beside its field, all at once', async () => {
    await page.getByRole('textbox', { name: 'Audience' }).fill('not a URI')
    await page.getByRole('button', { name: 'Add route' }).click()
    await page.getByRole('textbox', { name: 'Path', exact: true }).fill('orders')
    await page.getByRole('button', { name: 'Review and save' }).click()
    await page.getByRole('button', { name: 'Save catalogue' }).click()
    await gone(page.getByRole('dialog'))
    const audience = page.getByRole('textbox', { name: 'Audience' })
    assert.equal(await audience.getAttribute('aria-invalid'), 'true')
    assert.equal(await page.getByRole('textbox', { name: 'Path', exact: true }).getAttribute('aria-invalid'), 'true')
    await page.getByText(/Nothing was saved\. .* wrong/).waitFor()
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-invalid') === 'true')
    await accessible(page, 'a catalogue with faults')
    await shot(page, 'catalogue-faults')
    await audience.fill('urn:example:orders')
    assert.equal(await audience.getAttribute('aria-invalid'), null)
    await page.getByRole('button', { name: 'Discard changes' }).click()
    await page.getByText('Nothing is changed.').waitFor()
  })
}

async function meets({ step, shot, demo }, page) {
  await step('who saved in between is shown beside one\'s own, and both can be kept', async () => {
    const admin = demo.users[0]
    const read = curl(`${demo.issuer}/api/v1/catalogue`, '-H', `Authorization: Bearer ${admin.management_token}`).json
    read.apis[0].name = 'Agents API, renamed'
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Orders and returns')
    const put = curl(`${demo.issuer}/api/v1/catalogue`, '-X', 'PUT', '-H', `Authorization: Bearer ${admin.management_token}`, '-H', 'Content-Type: application/json', '-d', JSON.stringify(read))
    assert.equal(put.status, 200, put.body)
    await page.getByRole('button', { name: 'Review and save' }).click()
    await page.getByRole('button', { name: 'Save catalogue' }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody saved the catalogue while you were editing' })
    await dialog.getByText('It is called Agents API, renamed', { exact: false }).waitFor()
    await dialog.getByText('It is called Orders and returns', { exact: false }).waitFor()
    await accessible(page, 'both versions of a catalogue')
    await shot(page, 'catalogue-stale')
    await dialog.getByRole('button', { name: 'Put mine on top' }).click()
    await page.getByRole('dialog', { name: 'Review changes' }).getByText('It is called Orders and returns', { exact: false }).waitFor()
    await save(page)
    const after = curl(`${demo.issuer}/api/v1/catalogue`, '-H', `Authorization: Bearer ${admin.management_token}`).json
    assert.deepEqual([after.apis[0].name, after.apis.at(-1).name], ['Agents API, renamed', 'Orders and returns'])
  })
}

async function asText({ step, shot }, page) {
  await step('as JSON it is edited, read from a file, and what cannot be read is not saved', async () => {
    await page.getByRole('radio', { name: 'JSON' }).check()
    const text = page.getByRole('textbox', { name: 'Catalogue as JSON' })
    const document = JSON.parse(await text.inputValue())
    await accessible(page, 'the catalogue as JSON')
    await shot(page, 'catalogue-json')
    await text.fill('{"apis": 7')
    await page.getByText(/^This is not JSON/).waitFor()
    assert.ok(await page.getByRole('button', { name: 'Review and save' }).isDisabled())
    await accessible(page, 'a text that is not JSON')
    await shot(page, 'catalogue-not-json')
    document.apis.at(-1).name = 'Orders API'
    const file = join(mkdtempSync(join(tmpdir(), 'claviger-catalogue-')), 'catalogue.json')
    writeFileSync(file, JSON.stringify(document))
    await page.getByLabel('Catalogue file').setInputFiles(file)
    await page.getByText('1 change, not saved').waitFor()
    await page.getByRole('button', { name: 'Review and save' }).click()
    await save(page)
  })
}

async function notThere({ step, demo, browser }) {
  for (const [who, role, first] of [['a supervisor', 'supervisor', true], ['an agent', 'agent', true], ['another account\'s admin', 'admin', false]]) {
    await step(`${who} finds no catalogue to edit`, async () => {
      const { context, page } = await openAs(browser, demo, { role, first })
      await page.goto(`${demo.issuer}/settings/scopes`)
      await page.getByText(VIEW).first().waitFor()
      assert.equal(await page.getByRole('link', { name: 'Edit catalogue' }).count(), 0)
      await page.goto(`${demo.issuer}/settings/scopes/catalogue`)
      await page.getByRole('heading', { name: 'Not found' }).waitFor()
      await accessible(page, `no catalogue for ${who}`)
      await context.close()
    })
  }
}

async function otherLooks({ step, shot, demo, browser }) {
  for (const [name, look] of [
    ['dark', { colorScheme: 'dark' }],
    ['phone', { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true }],
    ['narrow', { viewport: { width: 320, height: 640 } }],
  ]) {
    await step(`${name}: the catalogue, an API, the review and the text are accessible and do not scroll sideways`, async () => {
      const { context, page, complaints } = await openAs(browser, demo, { role: 'admin', look })
      await page.goto(`${demo.issuer}/settings/scopes/catalogue`)
      await openApi(page, 'Insights Stats API')
      await page.getByRole('checkbox', { name: 'Supervisors may hold it' }).check()
      await accessible(page, `an open API, ${name}`)
      await shot(page, `catalogue-${name}`)
      await page.getByRole('button', { name: 'Review and save' }).click()
      await page.getByRole('dialog').getByText('Supervisors may give it to credentials.').waitFor()
      await accessible(page, `the review, ${name}`)
      await shot(page, `catalogue-review-${name}`)
      await page.getByRole('button', { name: 'Go on editing' }).click()
      await gone(page.getByRole('dialog'))
      await page.getByRole('button', { name: 'Discard changes' }).click()
      await page.getByRole('radio', { name: 'JSON' }).check()
      await page.getByRole('textbox', { name: 'Catalogue as JSON' }).waitFor()
      await accessible(page, `the catalogue as JSON, ${name}`)
      await shot(page, `catalogue-json-${name}`)
      await context.close()
      assert.deepEqual(complaints, [], `the browser complained, ${name}`)
    })
  }
}
