// The page Audit log in a real browser: admins see who did what, open a row for
// what it changed, narrow and page; nobody else finds it.
import assert from 'node:assert/strict'
import { accessible, gone, openAs } from './stage.mjs'

/** `made` is the credential that a supervisor created, renamed and rotated, and an admin deleted. */
export async function auditLogPage({ step, shot, demo, browser }, made) {
  const { page, context, complaints } = await openAs(browser, demo, { role: 'admin' })
  const table = page.getByRole('table', { name: 'Audit events, newest first' })
  await step('the admin sees in the audit log what was done, by whom, newest first', async () => {
    await page.getByRole('link', { name: 'Audit log' }).click()
    await page.getByRole('heading', { name: 'Audit log', level: 1 }).waitFor()
    await table.getByRole('button', { name: 'Deleted the API credential Nightly CRM sync' }).waitFor()
    const told = await table.getByRole('button').allTextContents()
    const places = ['Deleted the', 'Rotated the secret of the', 'Changed the name of the', 'Created the'].map((words) =>
      told.indexOf(`${words} API credential Nightly CRM sync${words === 'Created the' ? ' – EU' : ''}`),
    )
    assert.deepEqual(places, [...places].sort((a, b) => a - b), told.join('\n'))
    assert.ok(!places.includes(-1), told.join('\n'))
    await accessible(page, 'the audit log')
    await shot(page, 'audit-log')
  })
  await step('a row opens what it changed', async () => {
    await table.getByRole('button', { name: /^Changed the name of the API credential Nightly CRM sync/ }).click()
    const changes = page.getByLabel('What it changed')
    await changes.getByText('Before: Nightly CRM sync – EU').waitFor()
    assert.equal(await changes.getByRole('listitem').count(), 2, 'the name before and after, and nothing else')
    await accessible(page, 'an open event')
    await shot(page, 'audit-event')
  })
  await step('the log narrows to one thing, to one action and to nobody, all of it in the URL', async () => {
    await page.getByRole('button', { name: 'More on this credential' }).click()
    await page.getByText('Only what happened to').waitFor()
    assert.equal(new URL(page.url()).searchParams.get('target'), made.id)
    await page.getByRole('button', { name: 'Action: All actions' }).click()
    await page.getByRole('menuitemradio', { name: 'Credential deleted' }).click()
    await gone(table.getByRole('button', { name: /^Created/ }))
    assert.deepEqual(await table.getByRole('button').allTextContents(), ['Deleted the API credential Nightly CRM sync'])
    await accessible(page, 'the narrowed log')
    await shot(page, 'audit-log-narrowed')
    await page.reload()
    await table.getByRole('button', { name: /^Deleted/ }).waitFor()
    await page.getByRole('searchbox', { name: /^Who/ }).or(page.getByRole('combobox', { name: /^Who/ })).fill('nobody@example.com')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'No event matches' }).waitFor()
    await accessible(page, 'the log without a match')
    await page.getByRole('button', { name: 'Clear the filters' }).click()
    await table.getByRole('button', { name: /^Deleted/ }).first().waitFor()
  })
  await step('going back leads through what was listed', async () => {
    await page.goBack()
    await page.getByRole('heading', { name: 'No event matches' }).waitFor()
    await page.goBack()
    await table.getByRole('button', { name: /^Deleted/ }).waitFor()
    assert.equal(new URL(page.url()).searchParams.get('action'), 'credential.delete')
  })
  await step('what Claviger itself did to the signing keys is shown to admins of the operator account alone', async () => {
    for (const first of [true, false]) {
      const other = await openAs(browser, demo, { role: 'admin', first })
      await other.page.goto(`${demo.issuer}/settings/audit-log?action=signing_key.create`)
      await other.page.getByRole(...(first ? ['button', { name: 'Made a signing key' }] : ['heading', { name: 'No event matches' }])).first().waitFor()
      if (first) await accessible(other.page, 'events of the installation')
      if (first) await shot(other.page, 'audit-keys')
      await other.context.close()
    }
  })
  for (const role of ['supervisor', 'agent']) {
    await step(`${role === 'agent' ? 'an agent' : 'a supervisor'} finds no audit log`, () => notThereFor(browser, demo, role))
  }
  await context.close()
  assert.deepEqual(complaints, [], 'the browser complained to the admin')
  await otherLooks({ step, shot, demo, browser })
}

async function notThereFor(browser, demo, role) {
  const { context, page } = await openAs(browser, demo, { role })
  await page.goto(`${demo.issuer}/settings/audit-log`)
  await page.getByRole('heading', { name: 'Not found' }).waitFor()
  assert.equal(await page.getByRole('link', { name: 'Audit log' }).count(), 0)
  await accessible(page, `no audit log for the ${role}`)
  await context.close()
}

/** Refusals are written when their minute is over; by the end of the script it is. */
export async function refusalsAppear({ step, shot, demo, browser }) {
  await step('a refusal is in the audit log, with the rule that refused', async () => {
    const { context, page } = await openAs(browser, demo, { role: 'admin' })
    await page.goto(`${demo.issuer}/settings/audit-log?action=credential.edit`)
    const refused = page.getByRole('row').filter({ hasText: 'Refused' }).getByRole('button').first()
    for (const end = Date.now() + 90_000; Date.now() < end && (await refused.count()) === 0; ) {
      await page.waitForTimeout(2000)
      await page.reload()
      await page.getByRole('row').nth(1).waitFor()
    }
    await refused.click()
    await page.getByText('Only its owner may change a user-level credential.').waitFor()
    await accessible(page, 'an open refusal')
    await shot(page, 'audit-refusal')
    await context.close()
  })
}

async function otherLooks({ step, shot, demo, browser }) {
  for (const [name, look] of [
    ['dark', { colorScheme: 'dark' }],
    ['phone', { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true }],
    ['narrow', { viewport: { width: 320, height: 640 } }],
  ]) {
    await step(`${name}: the audit log and an open event are accessible and do not scroll sideways`, async () => {
      const { context, page, complaints } = await openAs(browser, demo, { role: 'admin', look })
      await page.goto(`${demo.issuer}/settings/audit-log`)
      const changed = page.getByRole('button', { name: /^Changed the name of the API credential/ }).first()
      await changed.waitFor()
      await accessible(page, `the audit log, ${name}`)
      await shot(page, `audit-log-${name}`)
      await changed.click()
      await page.getByLabel('What it changed').waitFor()
      await accessible(page, `an open event, ${name}`)
      await shot(page, `audit-event-${name}`)
      await context.close()
      assert.deepEqual(complaints, [], `the browser complained, ${name}`)
    })
  }
}
