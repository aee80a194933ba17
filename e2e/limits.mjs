// The limits of a credential in a real browser: set when it is created, shown,
// edited, kept in a conflict, and binding for its program.
import assert from 'node:assert/strict'
import { accessible, curl, LOOKS, openAs } from './stage.mjs'

export async function limits(stage) {
  const supervisor = await openAs(stage.browser, stage.demo, { role: 'supervisor' })
  const made = await createdWithLimits(stage, supervisor)
  await bind(stage, supervisor, made)
  await staleEdit(stage, supervisor, made)
  await supervisor.context.close()
  // Somebody else's save, which the step makes, is the one refusal.
  assert.deepEqual(supervisor.complaints.map((c) => c.match(/status of (\d+)/)?.[1] ?? c), ['412'], 'the browser complained to the supervisor')
  await otherLooks(stage, made)
}

const field = (page, name) => page.getByRole('textbox', { name })

async function createdWithLimits({ step, shot }, { page }) {
  return step('a credential is created with limits, which are folded away; what is wrong is told', async () => {
    await page.getByRole('button', { name: 'Create New' }).first().click()
    const dialog = page.getByRole('dialog', { name: 'Create API Credentials' })
    await field(dialog, 'Name').fill('Warehouse sync')
    await dialog.getByRole('combobox', { name: 'Scopes' }).click()
    await page.getByRole('option', { name: /Read VCC user details/ }).click()
    await page.keyboard.press('Escape')
    assert.equal(await field(dialog, 'Allowed addresses').count(), 0)
    await dialog.getByRole('button', { name: /^Limits/ }).click()
    await field(dialog, 'Allowed addresses').fill('192.0.2.0/24\noffice')
    await field(dialog, 'Requests per second').fill('none')
    await dialog.getByText('15 minutes', { exact: true }).click()
    await accessible(page, 'the limits of a new credential')
    await shot(page, 'limits-create')
    await dialog.getByRole('button', { name: 'Create', exact: true }).click()
    await dialog.getByText('“office” is no address or range').waitFor()
    await dialog.getByText('Enter a whole number from 1 to 100,000').waitFor()
    await accessible(page, 'limits that are wrong')
    await shot(page, 'limits-wrong')
    await field(dialog, 'Allowed addresses').fill('192.0.2.0/24\n2001:db8::7')
    await field(dialog, 'Requests per second').fill('5')
    await dialog.getByRole('button', { name: /^Limits.*From 2 address ranges · 5 requests a second · tokens live 15 minutes/ }).waitFor()
    await dialog.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByRole('dialog', { name: 'Success' }).waitFor()
    const id = await page.getByLabel('Client ID', { exact: true }).inputValue()
    await page.getByRole('button', { name: 'Copy client secret' }).click()
    const secret = await page.evaluate(() => navigator.clipboard.readText())
    await page.getByRole('button', { name: 'OK' }).click()
    return { id, secret }
  })
}

/** Waits until the page says so of the credential. */
const says = (page, name, value) =>
  page.getByRole('region', { name: 'About' }).locator('dt', { hasText: name }).locator('+ dd').and(page.getByText(value, { exact: true })).waitFor()

async function bind({ step, shot, demo }, { page }, { id, secret }) {
  const ask = () => curl(`${demo.issuer}/oauth2/token`, '-u', `${id}:${secret}`, '-d', 'grant_type=client_credentials')
  await step('its page shows the limits, and they bind: another address gets no token', async () => {
    await page.getByRole('link', { name: 'Warehouse sync' }).click()
    await page.getByRole('button', { name: 'Save API credential' }).waitFor()
    await says(page, 'Allowed addresses', '192.0.2.0/24, 2001:db8::7')
    await says(page, 'Requests per second', '5')
    await says(page, 'Token lifetime', '15 minutes at most')
    assert.equal(ask().status, 401)
  })
  await step('limits are edited: from anywhere it gets a token, no longer than they say, and no faster', async () => {
    await page.getByRole('button', { name: /^Limits/ }).click()
    await accessible(page, 'the limits of a credential')
    await shot(page, 'limits-edit')
    await field(page, 'Allowed addresses').fill('')
    await page.getByRole('button', { name: 'Save API credential' }).click()
    await page.getByText('Warehouse sync was saved.').waitFor()
    await says(page, 'Allowed addresses', 'Any')
    const answer = ask()
    assert.equal(answer.status, 200, answer.body)
    assert.equal(answer.json.expires_in, 900)
    const url = `${demo.gateway_url}/useradmin/users`
    const codes = curl(...Array(40).fill(['-o', '/dev/null', url]).flat(), '-H', `Authorization: Bearer ${answer.json.access_token}`, '-w', '%{http_code} ')
    assert.match(codes.body + codes.status, /200.*429/s)
  })
}

async function staleEdit({ step, shot, demo }, { page, person }, { id }) {
  await step('a stale edit shows both versions, the limits too', async () => {
    await field(page, 'Requests per second').fill('7')
    const other = curl(`${demo.issuer}/api/v1/credentials/${id}`, '-X', 'PATCH', '-H', `Authorization: Bearer ${person.management_token}`, '-H', 'Content-Type: application/json', '-d', '{"requests_per_second":9,"allowed_cidrs":["198.51.100.0/24"]}')
    assert.equal(other.status, 200, other.body)
    await page.getByRole('button', { name: 'Save API credential' }).click()
    const both = page.getByRole('alert').filter({ hasText: 'Somebody saved this credential while you were editing' })
    await both.waitFor()
    const cells = await both.getByRole('cell').allTextContents()
    assert.deepEqual(cells, ['Any', '198.51.100.0/24', '7', '9'])
    await accessible(page, 'a stale edit of limits')
    await shot(page, 'limits-stale')
    await both.getByRole('button', { name: 'Take what is saved' }).click()
    await page.waitForFunction(() => [...document.querySelectorAll('textarea')].some((t) => t.value === '198.51.100.0/24'))
  })
}

async function otherLooks({ step, shot, demo, browser }, { id }) {
  for (const [name, look] of LOOKS) {
    await step(`${name}: the limits are accessible and do not scroll sideways`, async () => {
      const { context, page, complaints } = await openAs(browser, demo, { role: 'supervisor', look })
      await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
      await page.goto(`${demo.issuer}/settings/api-credentials/${id}`)
      await page.getByRole('button', { name: /^Limits/ }).click()
      await page.getByText('Other', { exact: true }).click()
      await accessible(page, `the limits, ${name}`)
      await page.getByRole('button', { name: /^Limits/ }).scrollIntoViewIfNeeded()
      await shot(page, `limits-${name}`)
      await context.close()
      assert.deepEqual(complaints, [], `the browser complained, ${name}`)
    })
  }
}
