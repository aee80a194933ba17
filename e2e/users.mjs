// The page Users in a real browser: an admin adds somebody, who gets in by the
// set-up link; role, status and removal bind them and their programs at once.
import assert from 'node:assert/strict'
import { accessible, curl, gone, openAs } from './stage.mjs'

const EMAIL = 'grace.newcomer@example.com'

export async function usersPage({ step, shot, demo, browser }) {
  const admin = await openAs(browser, demo, { role: 'admin' })
  const link = await addsSomebody({ step, shot }, admin.page)
  const grace = await step('the link lets her in, once', () => getsIn(browser, demo, link))
  const program = await step('she creates a credential that works', () => creates(demo, grace.page))
  await changesBind({ step, shot, demo, browser }, admin.page, grace.page, program)
  await joins({ step, shot, demo, browser }, admin.page)
  await step('a supervisor finds no Users page', async () => {
    const { context, page } = await openAs(browser, demo, { role: 'supervisor' })
    await page.goto(`${demo.issuer}/settings/users`)
    await page.getByText('Not found').first().waitFor()
    assert.equal(await page.getByRole('link', { name: 'Users' }).count(), 0)
    await context.close()
  })
  // The browser notes the one refusal that the form was shown with.
  assert.deepEqual(admin.complaints.map((c) => c.match(/status of (\d+)/)?.[1] ?? c), ['422'], 'the browser complained to the admin')
  await admin.context.close()
  await otherLooks({ step, shot, demo, browser })
}

async function addsSomebody({ step, shot }, page) {
  await step('an admin sees everybody of the account under Users', async () => {
    await page.getByRole('link', { name: 'Users' }).click()
    await page.getByRole('heading', { name: 'Users', level: 1 }).waitFor()
    const rows = page.getByRole('table', { name: 'Users' }).getByRole('row')
    await rows.filter({ hasText: 'Sam Carter' }).waitFor()
    assert.equal(await rows.count(), 6)
    await accessible(page, 'the users')
    await shot(page, 'users')
  })
  return step('they add somebody and get the set-up link, shown once', async () => {
    await page.getByRole('button', { name: 'Add user' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add user' })
    await dialog.getByRole('button', { name: 'Add user' }).click()
    await dialog.getByText(/Give an e-mail address/).waitFor()
    await accessible(page, 'a fault in Add user')
    await dialog.getByLabel('E-mail address').fill(EMAIL)
    await dialog.getByLabel('Name').fill('Grace Newcomer')
    await shot(page, 'user-add')
    await dialog.getByRole('button', { name: 'Add user' }).click()
    await page.getByRole('dialog', { name: 'User added' }).waitFor()
    await accessible(page, 'User added')
    await shot(page, 'user-added')
    const link = await page.getByLabel('Set-up link', { exact: true }).inputValue()
    await page.getByRole('button', { name: 'Copy set-up link' }).click()
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), link)
    await page.getByRole('button', { name: 'Done' }).click()
    await gone(page.getByRole('dialog'))
    assert.ok(!(await page.content()).includes(link), 'the link is gone from the page')
    await row(page).waitFor()
    return link
  })
}

const row = (page) => page.getByRole('row', { name: /Grace Newcomer/ })

async function getsIn(browser, demo, link) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 } })
  const page = await context.newPage()
  await page.goto(link)
  assert.ok((await page.textContent('body')).includes(EMAIL), 'the link says whom it is for')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
  assert.equal((await (await fetch(link)).status), 404, 'the link works again')
  return { context, page }
}

async function creates(demo, page) {
  const made = await page.evaluate(async (account) => {
    const answer = await fetch('/api/v1/credentials', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Claviger-Account': account },
      body: JSON.stringify({ name: 'Of Grace', scopes: ['users:read'] }),
    })
    return answer.json()
  }, demo.account_id)
  assert.equal(tokenOf(demo, made).status, 200)
  return made
}

const tokenOf = (demo, { client_id, client_secret }) =>
  curl(`${demo.issuer}/oauth2/token`, '-u', `${client_id}:${client_secret}`, '-d', 'grant_type=client_credentials')

async function choose(page, item) {
  await row(page).getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: item }).click()
  return page.getByRole('dialog')
}

async function changesBind({ step, shot, demo }, page, hers, program) {
  await step('made an agent, she loses the area and her program its tokens', async () => {
    const dialog = await choose(page, 'Change role')
    await dialog.getByRole('radio', { name: /^Agent/ }).check()
    await accessible(page, 'Change role')
    await shot(page, 'user-role')
    await dialog.getByRole('button', { name: 'Change role' }).click()
    await row(page).getByText('Agent').waitFor()
    await hers.reload()
    await gone(hers.getByRole('link', { name: 'API Credentials' }))
    assert.equal(tokenOf(demo, program).status, 401)
  })
  await step('a supervisor again, then deactivated: her session and program end', async () => {
    const role = await choose(page, 'Change role')
    await role.getByRole('radio', { name: /^Supervisor/ }).check()
    await role.getByRole('button', { name: 'Change role' }).click()
    await row(page).getByText('Supervisor').waitFor()
    assert.equal(tokenOf(demo, program).status, 200)
    const dialog = await choose(page, 'Deactivate')
    await dialog.getByText('Their API credential stops').waitFor()
    await accessible(page, 'Deactivate user')
    await shot(page, 'user-deactivate')
    await dialog.getByRole('button', { name: 'Deactivate' }).click()
    await row(page).getByText('Deactivated').waitFor()
    assert.equal(tokenOf(demo, program).status, 401)
    await hers.reload()
    await hers.waitForURL('**/sign-in**')
    await accessible(page, 'the users, one of them deactivated')
  })
  await step('removed, she is gone, and admins still see what she owned', async () => {
    const dialog = await choose(page, 'Remove')
    await accessible(page, 'Remove user')
    await shot(page, 'user-remove')
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await gone(row(page))
    await page.getByRole('link', { name: 'API Credentials' }).first().click()
    const left = page.getByRole('row', { name: /Of Grace/ })
    await left.getByText('Suspended').waitFor()
    await left.getByText(EMAIL).waitFor()
  })
}

// Somebody who has a sign-in already is not signed in by another account's link.
async function joins({ step, shot, demo, browser }, page) {
  await step('a person of another account joins, signed in as themselves alone', async () => {
    const { email } = demo.users.find((u) => u.account_id !== demo.account_id)
    await page.getByRole('link', { name: 'Users' }).click()
    await page.getByRole('button', { name: 'Add user' }).click()
    await page.getByLabel('E-mail address').fill(email)
    await page.getByRole('dialog').getByRole('button', { name: 'Add user' }).click()
    const link = await page.getByLabel('Set-up link', { exact: true }).inputValue()
    await page.getByRole('button', { name: 'Done' }).click()
    const stranger = await browser.newContext()
    const alone = await stranger.newPage()
    await alone.goto(link)
    await accessible(alone, 'Join an account')
    await shot(alone, 'join')
    await alone.getByRole('button', { name: 'Join' }).click()
    await alone.getByText(`Sign in as ${email}`).waitFor()
    assert.deepEqual(await stranger.cookies(), [])
    await stranger.close()
    const them = await openAs(browser, demo, { role: 'admin', first: false })
    await them.page.goto(link)
    await them.page.getByRole('button', { name: 'Join' }).click()
    await them.page.waitForURL(`**account=${demo.account_id}**`)
    await them.page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
    assert.equal(await them.page.getByRole('link', { name: 'Users' }).count(), 0, 'admin there, supervisor here')
    await them.context.close()
  })
}

async function otherLooks({ step, shot, demo, browser }) {
  for (const [name, look] of [
    ['dark', { colorScheme: 'dark' }],
    ['phone', { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true }],
    ['narrow', { viewport: { width: 320, height: 640 } }],
  ]) {
    await step(`${name}: users and adding one are accessible and do not scroll sideways`, async () => {
      const { context, page, complaints } = await openAs(browser, demo, { role: 'admin', look })
      await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
      await page.goto(`${demo.issuer}/settings/users`)
      await page.getByRole('button', { name: /^Actions for/ }).first().waitFor()
      await accessible(page, `the users, ${name}`)
      await shot(page, `users-${name}`)
      await page.getByRole('button', { name: 'Add user' }).click()
      await page.getByRole('dialog', { name: 'Add user' }).waitFor()
      await accessible(page, `Add user, ${name}`)
      await shot(page, `user-add-${name}`)
      await context.close()
      assert.deepEqual(complaints, [], `the browser complained, ${name}`)
    })
  }
}
