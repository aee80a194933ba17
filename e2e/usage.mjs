// How credentials are used, which need attention, and rotating a secret, in a
// real browser: the usage page, the list's attention bar, choosing and
// exporting, and the page of a rotation.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { accessible, curl, gone, openAs } from './stage.mjs'

const LOOKS = [
  ['dark', { colorScheme: 'dark' }],
  ['phone', { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true }],
  ['narrow', { viewport: { width: 320, height: 640 } }],
]

/** The REST API as a person of the demo. */
function as(demo, person) {
  return (method, path, body, ...more) =>
    curl(`${demo.issuer}/api/v1${path}`, '-X', method, '-H', `Authorization: Bearer ${person.management_token}`, ...(body ? ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)] : []), ...more)
}

export async function usagePages({ step, shot, demo, browser }) {
  const supervisor = demo.users.find((u) => u.role === 'supervisor' && u.account_id === demo.account_id)
  const call = as(demo, supervisor)
  const create = (name, more = {}) => {
    const made = call('POST', '/credentials', { name, scopes: ['users:read'], level: 'user', ...more })
    assert.equal(made.status, 201, made.body)
    return made.json
  }
  const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString()
  const used = create('Payroll bridge')
  const idle = create('=HYPERLINK("https://evil.example")')
  create('Ends soon', { expires_at: inDays(5) })
  await step('calls are counted within ten seconds, the refused too', () => callsAreCounted({ demo, call }, used))
  const stage = { step, shot, demo, browser, used, idle }
  await usagePage(stage)
  await attention(stage)
  await choosingAndExport(stage)
  await rotation(stage)
  await others(stage)
  create('Ends as well', { expires_at: inDays(3) })
  await otherLooks(stage)
}

/** Makes calls of every kind, and waits until the report has them. */
async function callsAreCounted({ demo, call }, { client_id, client_secret }) {
  const token = curl(`${demo.issuer}/oauth2/token`, '-u', `${client_id}:${client_secret}`, '-d', 'grant_type=client_credentials').json.access_token
  for (let n = 0; n < 12; n++) assert.equal(curl(`${demo.gateway_url}/useradmin/users`, '-H', `Authorization: Bearer ${token}`).status, 200)
  for (let n = 0; n < 3; n++) assert.equal(curl(`${demo.gateway_url}/insights/stats/today`, '-H', `Authorization: Bearer ${token}`).status, 403)
  for (const end = Date.now() + 30_000; ; ) {
    const usage = call('GET', `/credentials/${client_id}/usage`)
    assert.equal(usage.status, 200, usage.body)
    if (usage.json.total >= 16) return
    assert.ok(Date.now() < end, `the usage is not there: ${usage.body}`)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

async function usagePage({ step, shot, demo, browser, used, idle }) {
  const { context, page, complaints } = await openAs(browser, demo, { role: 'supervisor' })
  await step('the sparkline leads to the usage: calls by day, by outcome and by scope, and the last use', async () => {
    await page.getByRole('link', { name: 'Usage: 16 calls in 14 days' }).click()
    await page.getByRole('heading', { name: 'Usage of Payroll bridge', level: 1 }).waitFor()
    const table = page.getByRole('table', { name: /^Usage by day, 14 days/ })
    await table.waitFor()
    assert.deepEqual(await table.getByRole('row').nth(1).getByRole('cell').allTextContents(), ['12', '1', '3'])
    await page.getByText(/^from 127\.0\.0\.1/).waitFor()
    await page.getByRole('button', { name: /Lacked the scope/ }).waitFor()
    await accessible(page, 'the usage')
    await shot(page, 'usage')
  })
  await step('the range, hours, an outcome and a scope are chosen, all of it in the URL', async () => {
    await page.getByRole('radio', { name: '24 hours' }).check()
    await page.getByRole('table', { name: /^Usage by hour, 24 hours/ }).waitFor()
    await page.getByRole('button', { name: /^stats/ }).click()
    await page.getByText('Only stats: 3').waitFor()
    assert.equal(new URL(page.url()).search, '?range=24h&scope=stats')
    await page.getByRole('button', { name: 'Show as a table' }).click()
    await accessible(page, 'the usage of one scope, with its table')
    await shot(page, 'usage-narrowed')
    await page.reload()
    await page.getByText('Only stats: 3').waitFor()
    await page.getByRole('button', { name: 'Show all' }).click()
    for (const range of ['90 days', '400 days']) {
      await page.getByRole('radio', { name: range }).check()
      await page.getByRole('table', { name: `Usage by day, ${range}` }).waitFor()
    }
    await accessible(page, 'the usage of 400 days')
    await shot(page, 'usage-400-days')
  })
  await step('the CSV holds the shown numbers', async () => {
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download CSV' }).click()])
    const lines = readFileSync(await file.path(), 'utf8').trim().split('\r\n')
    assert.equal(lines[0], 'day_utc,outcome,scope,calls')
    assert.ok(lines.some((line) => line.endsWith(',insufficient_scope,stats,3')), lines.join('\n'))
  })
  await step('a credential that was never used teaches its first call', async () => {
    await page.goto(`${demo.issuer}/settings/api-credentials/${idle.client_id}/usage`)
    await page.getByRole('heading', { name: 'No program has used it yet' }).waitFor()
    assert.ok((await page.getByRole('group', { name: 'token request' }).textContent()).includes(idle.client_id))
    await accessible(page, 'no usage')
    await shot(page, 'usage-none')
  })
  await context.close()
  assert.deepEqual(complaints, [], 'the browser complained on the usage pages')
}

async function attention({ step, shot, demo, browser }) {
  const { context, page, complaints } = await openAs(browser, demo, { role: 'supervisor' })
  await step('the list says what needs attention, why, and what to do', async () => {
    const bar = page.getByRole('region', { name: 'Needs attention' })
    await bar.getByRole('button', { name: /^End within 14 days 1$/ }).click()
    await page.getByText(/^It ends in 5 days, on/).waitFor()
    assert.equal(new URL(page.url()).searchParams.get('attention'), 'expiring')
    await page.getByRole('link', { name: 'Open it' }).waitFor()
    const name = await page.getByRole('link', { name: 'Ends soon', exact: true }).boundingBox()
    assert.ok(name.width > 120, `the advice takes the room of the name: ${name.width} px are left`)
    await accessible(page, 'what ends soon')
    await shot(page, 'attention-expiring')
    await page.reload()
    await page.getByText(/^It ends in 5 days, on/).waitFor()
    await bar.getByRole('button', { name: /^End within 14 days/ }).click()
    await gone(page.getByText(/^It ends in 5 days, on/))
  })
  await context.close()
  assert.deepEqual(complaints, [], 'the browser complained about attention')
}

async function choosingAndExport({ step, shot, demo, browser }) {
  const { context, page, complaints } = await openAs(browser, demo, { role: 'supervisor' })
  await step('the filtered list is exported, formulas defused, without a secret', async () => {
    await page.getByRole('link', { name: 'Payroll bridge', exact: true }).waitFor()
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export CSV' }).click()])
    const text = readFileSync(await file.path(), 'utf8')
    assert.ok(text.startsWith('name,client_id,level,owner,'), text)
    assert.ok(text.includes(`"'=HYPERLINK(""https://evil.example"")"`), text)
    assert.ok(!text.includes('clav_'), 'a secret was exported')
  })
  await step('rows are chosen by keyboard and disabled one after the other', async () => {
    await page.getByRole('checkbox', { name: 'Choose Ends soon' }).focus()
    await page.keyboard.press('Space')
    await page.getByRole('checkbox', { name: 'Choose =HYPERLINK("https://evil.example")' }).check()
    await page.getByRole('region', { name: 'Chosen credentials' }).getByText('2 chosen').waitFor()
    await accessible(page, 'two chosen')
    await shot(page, 'chosen')
    await page.getByRole('region', { name: 'Chosen credentials' }).getByRole('button', { name: 'Disable' }).click()
    const dialog = page.getByRole('dialog', { name: 'Disable 2 API credentials' })
    await accessible(page, 'the dialog that disables two')
    await shot(page, 'bulk-disable')
    await dialog.getByRole('button', { name: 'Disable' }).click()
    await dialog.getByText('All of them are disabled.').waitFor()
    assert.equal(await dialog.getByText('Disabled', { exact: true }).count(), 2)
    await accessible(page, 'two disabled')
    await shot(page, 'bulk-disabled')
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    await gone(dialog)
    assert.ok(await page.getByRole('checkbox', { name: 'Choose Ends soon' }).isDisabled())
  })
  await step('one that somebody deleted meanwhile says so, and the others are done', async () => {
    const supervisor = demo.users.find((u) => u.role === 'supervisor' && u.account_id === demo.account_id)
    const call = as(demo, supervisor)
    const [deleted] = ['Gone meanwhile', 'Still there'].map((name) => call('POST', '/credentials', { name, scopes: ['users:read'], level: 'user' }).json)
    await page.reload()
    await page.getByRole('checkbox', { name: 'Choose Gone meanwhile' }).check()
    await page.getByRole('checkbox', { name: 'Choose Still there' }).check()
    assert.equal(call('DELETE', `/credentials/${deleted.client_id}`).status, 204)
    await page.getByRole('region', { name: 'Chosen credentials' }).getByRole('button', { name: 'Disable' }).click()
    const dialog = page.getByRole('dialog', { name: 'Disable 2 API credentials' })
    await dialog.getByRole('button', { name: 'Disable' }).click()
    await dialog.getByText('1 of 2 disabled.').waitFor()
    await dialog.getByText('1 could not be disabled. Each says why.').waitFor()
    await accessible(page, 'one that could not be disabled')
    await shot(page, 'bulk-refused')
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    await gone(dialog)
  })
  await context.close()
  // A refusal is a failed request, and the browser says so; nothing else.
  assert.deepEqual(complaints.filter((c) => !/status of 404/.test(c)), [], 'the browser complained about choosing')
}

async function rotation({ step, shot, demo, browser, used }) {
  const { context, page, complaints } = await openAs(browser, demo, { role: 'supervisor' })
  await step('the page of a rotation shows both secrets, who uses them, and counts down', async () => {
    await page.goto(`${demo.issuer}/settings/api-credentials/${used.client_id}/rotate`)
    await page.getByRole('heading', { name: 'Rotate secret', level: 1 }).waitFor()
    await page.getByText('Only one secret is in use.').waitFor()
    await accessible(page, 'a rotation not begun')
    await shot(page, 'rotation-before')
    await page.getByRole('button', { name: 'Add a new secret' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate', exact: true }).click()
    await page.getByRole('button', { name: 'Copy client secret' }).click()
    await page.getByRole('button', { name: 'OK' }).click()
    await gone(page.getByRole('dialog'))
    await page.getByText(/^Ends in 23:59:\d\d/).waitFor()
    await page.getByText('No program has used it yet.').waitFor()
    await page.getByText(/has not moved yet/).waitFor()
    await page.getByRole('button', { name: /^Close it anyway/ }).waitFor()
    await accessible(page, 'a rotation under way')
    await shot(page, 'rotation')
  })
  await closedWhenQuiet({ step, shot, demo, page, used })
  await step('the old secret is closed at once', async () => {
    await page.getByRole('button', { name: /^Close it anyway/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete secret' }).click()
    await page.getByText('Only one secret is in use.').waitFor()
  })
  await context.close()
  assert.deepEqual(complaints, [], 'the browser complained about the rotation')
}

/** Rotates once more; the oldest secret goes by itself, and the one after it is left. */
async function closedWhenQuiet({ step, shot, demo, page, used }) {
  const wish = page.getByRole('button', { name: /^Close .* when quiet: / })
  await step('an old secret is closed by itself when no program uses it, and that can be changed and taken back', async () => {
    await page.getByRole('button', { name: 'Rotate again' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Close old secrets when quiet: Not by itself' }).click()
    await page.getByRole('menuitemradio', { name: 'After 24 quiet hours' }).click()
    await dialog.getByText('They end before they could have been quiet for so long.').waitFor()
    await dialog.getByRole('button', { name: 'Close old secrets when quiet: After 24 quiet hours' }).click()
    await page.getByRole('menuitemradio', { name: 'After 6 quiet hours' }).click()
    await dialog.getByText('One that no program has used for 6 hours is closed before its end.').waitFor()
    await accessible(page, 'rotating with a wish to close')
    await shot(page, 'rotate-close-when-quiet')
    await dialog.getByRole('button', { name: 'Rotate', exact: true }).click()
    await page.getByRole('button', { name: 'Copy client secret' }).click()
    await page.getByRole('button', { name: 'OK' }).click()
    await gone(dialog)
    await page.getByText('Closes when not used for 6 hours; never used.').waitFor()
    await page.getByText('Closes when not used for 6 hours; last used').waitFor()
    await wish.last().click()
    await page.getByRole('menuitemradio', { name: 'Not by itself' }).click()
    await page.getByText(/is not closed by itself any more\.$/).waitFor()
    await wish.first().click()
    await page.getByRole('menuitemradio', { name: 'After 1 quiet hour' }).click()
    await page.getByText('Closes when not used for 1 hour; last used').waitFor()
    await accessible(page, 'a rotation that closes by itself')
    await shot(page, 'rotation-close-when-quiet')
  })
  await step('the quiet secret is closed within minutes, by Claviger, and no other is', async () => {
    demo.ageCredential(used.client_id, 70)
    await page.getByText('Closes when not used for 1 hour; last used').waitFor({ state: 'detached', timeout: 120_000 })
    await page.getByRole('heading', { name: 'Old secret', exact: true }).waitFor()
    await page.goto(`${demo.issuer}/settings/api-credentials/${used.client_id}`)
    await page.getByText(/^Ended /).waitFor()
    await accessible(page, 'a credential with a secret that was closed')
    await page.goBack()
    await page.getByRole('heading', { name: 'Rotate secret', level: 1 }).waitFor()
  })
}

async function others({ step, shot, demo, browser, used }) {
  await step('an admin sees another\'s usage and rotation, and can change neither', async () => {
    const { context, page, complaints } = await openAs(browser, demo, { role: 'admin' })
    await page.goto(`${demo.issuer}/settings/api-credentials/${used.client_id}/usage`)
    await page.getByRole('table', { name: /^Usage by day/ }).waitFor()
    await page.goto(`${demo.issuer}/settings/api-credentials/${used.client_id}/rotate`)
    await page.getByText(/nobody else can change it/).waitFor()
    assert.equal(await page.getByRole('main').getByRole('button', { name: /secret|Close/ }).count(), 0)
    await accessible(page, 'another\'s rotation')
    await shot(page, 'rotation-of-another')
    await context.close()
    assert.deepEqual(complaints, [], 'the browser complained to the admin')
  })
  for (const [who, role, first] of [['an agent', 'agent', true], ['another account\'s admin', 'admin', false]]) {
    await step(`${who} finds neither usage nor rotation`, async () => {
      const { context, page } = await openAs(browser, demo, { role, first })
      for (const last of ['usage', 'rotate']) {
        await page.goto(`${demo.issuer}/settings/api-credentials/${used.client_id}/${last}`)
        await page.getByRole('heading', { name: 'Not found' }).waitFor()
      }
      await accessible(page, `no usage for ${who}`)
      await context.close()
    })
  }
}

async function otherLooks({ step, shot, demo, browser, used, idle }) {
  for (const [name, look] of LOOKS) {
    await step(`${name}: usage, attention and rotation are accessible and do not scroll sideways`, async () => {
      const { context, page, complaints } = await openAs(browser, demo, { role: 'supervisor', look })
      await page.getByRole('link', { name: 'Payroll bridge', exact: true }).waitFor()
      await accessible(page, `the list with attention, ${name}`)
      await shot(page, `attention-${name}`)
      await page.goto(`${demo.issuer}/settings/api-credentials?attention=expiring`)
      await page.getByRole('region', { name: 'Needs attention' }).waitFor()
      await page.getByText(/^It ends in 3 days, on/).waitFor()
      await page.getByRole('checkbox', { name: 'Choose Ends as well' }).check()
      await accessible(page, `what ends soon, ${name}`)
      await shot(page, `attention-expiring-${name}`)
      await page.goto(`${demo.issuer}/settings/api-credentials/${used.client_id}/usage`)
      await page.getByRole('button', { name: /Lacked the scope/ }).waitFor()
      await page.getByRole('button', { name: 'Show as a table' }).click()
      await accessible(page, `the usage, ${name}`)
      await shot(page, `usage-${name}`)
      await page.goto(`${demo.issuer}/settings/api-credentials/${idle.client_id}/usage`)
      await page.getByRole('heading', { name: 'No program has used it yet' }).waitFor()
      await accessible(page, `no usage, ${name}`)
      await page.goto(`${demo.issuer}/settings/api-credentials/${used.client_id}/rotate`)
      await page.getByText('Only one secret is in use.').waitFor()
      await accessible(page, `the rotation, ${name}`)
      await shot(page, `rotation-${name}`)
      await context.close()
      assert.deepEqual(complaints, [], `the browser complained, ${name}`)
    })
  }
}
