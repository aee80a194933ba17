// The page Security in a real browser: a person's own password and sessions;
// and the dialog that asks who one is before a risky change.
import assert from 'node:assert/strict'
import { LOOKS, accessible, curl, gone, openAs } from './stage.mjs'

const PASSWORD = 'seven herons cross the weir'
const BETTER = 'nine otters sleep on slate'

// The second of each role: the first ones are signed in elsewhere in this script.
const SUPERVISOR = { role: 'supervisor', nth: 1 }
const ADMIN = { role: 'admin', nth: 1 }

/** What the browser notes of refusals that the page was shown with, by status. */
const refusals = (complaints) => complaints.map((c) => c.match(/status of (\d+)/)?.[1] ?? c)

export async function securityPage(stage) {
  const supervisor = await openAs(stage.browser, stage.demo, SUPERVISOR)
  await setsPassword(stage, supervisor)
  await endsSessions(stage, supervisor)
  await changesPassword(stage, supervisor)
  assert.deepEqual(refusals(supervisor.complaints), ['422', '422'], 'the browser complained to the supervisor')
  await supervisor.context.close()
  await agentHasIt(stage)
  await otherLooks(stage)
}

const open = async (page, demo) => {
  await page.goto(`${demo.issuer}/settings/security`)
  await page.getByRole('list', { name: 'Sessions' }).waitFor()
}

async function setsPassword({ step, shot, demo }, { page }) {
  await step('a person without a password sets one; what is wrong stands beside it', async () => {
    await page.getByRole('link', { name: 'Security' }).click()
    await page.getByText('You have none').waitFor()
    await page.getByRole('list', { name: 'Sessions' }).waitFor()
    await accessible(page, 'Security without a password')
    await shot(page, 'security')
    await page.getByRole('button', { name: 'Set a password' }).click()
    const field = page.getByLabel('New password', { exact: true })
    assert.ok(await field.evaluate((input) => input === document.activeElement), 'the form takes the focus')
    assert.deepEqual(await field.evaluate((input) => [input.type, input.autocomplete, input.maxLength]), ['password', 'new-password', -1])
    await field.fill('too short')
    await page.getByText('Too short yet').waitFor()
    await page.getByRole('button', { name: 'Set password' }).click()
    await page.getByText('Use at least 15 characters; it has 9.').waitFor()
    await accessible(page, 'a password that is too short')
    await shot(page, 'password-short')
    await field.fill('passwordpassword')
    await page.getByText('Long enough').waitFor()
    await page.getByRole('button', { name: 'Set password' }).click()
    await page.waitForFunction(() => document.querySelector('[autocomplete=new-password][aria-invalid=true]'))
    await shot(page, 'password-common')
    // Pasted, as a password manager or a person would.
    await page.evaluate((text) => navigator.clipboard.writeText(text), PASSWORD)
    await field.fill('')
    await field.press('Control+V')
    await page.getByRole('button', { name: 'Show new password' }).click()
    assert.deepEqual(await field.evaluate((input) => [input.type, input.value]), ['text', PASSWORD])
    await page.getByRole('button', { name: 'Hide new password' }).click()
    await page.getByRole('button', { name: 'Set password' }).click()
    await page.getByText('Your password was set.').waitFor()
    await page.getByText(/^Changed /).waitFor()
    assert.ok(!(await page.content()).includes(PASSWORD), 'the password is still in the page')
    await page.evaluate(() => navigator.clipboard.writeText(''))
  })
}

async function signIn(browser, demo, person, password, userAgent) {
  const context = await browser.newContext({ ...(userAgent && { userAgent }) })
  const page = await context.newPage()
  await page.goto(`${demo.issuer}/sign-in`)
  await page.getByLabel('E-mail address').fill(person.email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
  return { context, page }
}

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0'

async function endsSessions({ step, shot, demo, browser }, { page, person }) {
  const row = () => page.getByRole('list', { name: 'Sessions' }).getByRole('listitem')
  await step('they see where they are signed in, and end one session', async () => {
    const other = await signIn(browser, demo, person, PASSWORD, FIREFOX)
    await open(page, demo)
    const firefox = row().filter({ hasText: 'Firefox on Windows' })
    await firefox.waitFor()
    assert.equal(await row().filter({ hasText: 'This browser' }).count(), 1)
    assert.equal(await row().first().getByRole('button').count(), 0, 'this browser comes first, and is left by Sign out')
    await accessible(page, 'two sessions')
    await shot(page, 'sessions')
    await firefox.getByRole('button', { name: /^End/ }).click()
    const dialog = page.getByRole('dialog', { name: 'End session' })
    await dialog.waitFor()
    await accessible(page, 'End session')
    await shot(page, 'session-end')
    await dialog.getByRole('button', { name: 'End session' }).click()
    await page.getByText('The session was ended.').waitFor()
    await gone(firefox)
    await other.page.reload()
    await other.page.waitForURL('**/sign-in**')
    await other.context.close()
  })
  await step('they end all the others at once, and stay signed in', async () => {
    const others = [await signIn(browser, demo, person, PASSWORD), await signIn(browser, demo, person, PASSWORD)]
    await open(page, demo)
    await page.getByRole('button', { name: 'End all others' }).click()
    const dialog = page.getByRole('dialog', { name: 'End all other sessions' })
    await dialog.getByRole('button', { name: 'End all others' }).click()
    await page.getByText('Your other sessions were ended.').waitFor()
    await gone(page.getByRole('button', { name: 'End all others' }))
    assert.equal(await row().count(), 1)
    for (const { context, page: ended } of others) {
      await ended.reload()
      await ended.waitForURL('**/sign-in**')
      await context.close()
    }
  })
}

async function changesPassword({ step, shot, demo, browser }, { page, person }) {
  await step('a password signed in long ago is changed with the present one, and the other sessions end', async () => {
    const other = await signIn(browser, demo, person, PASSWORD, FIREFOX)
    demo.ageSessions(person.user_id, 20)
    await open(page, demo)
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByLabel('Current password', { exact: true }).fill('not the one that it is')
    await page.getByLabel('New password', { exact: true }).fill(BETTER)
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.waitForFunction(() => document.querySelector('[autocomplete=current-password][aria-invalid=true]'))
    await accessible(page, 'a wrong current password')
    await shot(page, 'password-wrong')
    await page.getByLabel('Current password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('Your password was changed.').waitFor()
    await gone(page.getByRole('listitem').filter({ hasText: 'Firefox on Windows' }))
    await other.page.reload()
    await other.page.waitForURL('**/sign-in**')
    await other.context.close()
  })
}

async function agentHasIt({ step, demo, browser }) {
  await step('an agent has Security, by the menu of their name, too', async () => {
    const { context, page, complaints } = await openAs(browser, demo, { role: 'agent' })
    await page.getByRole('button', { name: /^Signed in as/ }).click()
    await page.getByRole('menuitem', { name: 'Security' }).click()
    await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
    await page.getByRole('list', { name: 'Sessions' }).waitFor()
    await accessible(page, 'the agent\'s Security')
    await context.close()
    assert.deepEqual(complaints, [], 'the browser complained to the agent')
  })
}

export async function reauthentication(stage) {
  await withoutPassword(stage)
  const admin = await openAs(stage.browser, stage.demo, ADMIN)
  await open(admin.page, stage.demo)
  await admin.page.getByRole('button', { name: 'Set a password' }).click()
  await admin.page.getByLabel('New password', { exact: true }).fill(PASSWORD)
  await admin.page.keyboard.press('Enter')
  await admin.page.getByText('Your password was set.').waitFor()
  await byKeyboard(stage, admin)
  await keepsForm(stage, admin)
  await admin.context.close()
  await askedInOtherLooks(stage)
}

const asked = (page) => page.getByRole('dialog', { name: 'Confirm it is you' })

/** Opens the dialog that changes the role of the demo's agent. */
async function startsChange(page, demo) {
  await page.goto(`${demo.issuer}/settings/users`)
  await page.getByRole('button', { name: 'Actions for Sam Carter' }).click()
  await page.getByRole('menuitem', { name: 'Change role' }).click()
  await page.getByRole('dialog', { name: 'Change role' }).getByRole('radio', { name: /^Supervisor/ }).check()
}

async function withoutPassword({ step, shot, demo, browser }) {
  await step('who has no password confirms it by a fresh sign-in in another tab', async () => {
    const { context, page, person } = await openAs(browser, demo, ADMIN)
    await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
    demo.ageSessions(person.user_id, 20)
    await page.goto(`${demo.issuer}/settings/users`)
    await page.getByRole('button', { name: 'Add user' }).click()
    await page.getByLabel('E-mail address').fill('linus.kept@example.com')
    await page.getByRole('dialog').getByRole('button', { name: 'Add user' }).click()
    await asked(page).getByText(`claviger user set-up-link ${person.email}`).waitFor()
    await accessible(page, 'Confirm it is you, without a password')
    await shot(page, 'reauth-no-password')
    await asked(page).getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Nothing was changed').waitFor()
    assert.equal(await page.getByLabel('E-mail address').inputValue(), 'linus.kept@example.com')
    await page.getByRole('dialog').getByRole('button', { name: 'Add user' }).click()
    await asked(page).waitFor()
    const tab = await context.newPage()
    await tab.goto(person.sign_in_url)
    await tab.getByRole('button', { name: /sign in|continue/i }).click()
    await tab.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
    await tab.close()
    await asked(page).getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('dialog', { name: 'User added' }).waitFor()
    await context.close()
  })
  await step('a change that waits is not sent as somebody else who signed in meanwhile', async () => {
    const { context, page, person } = await openAs(browser, demo, ADMIN)
    await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
    demo.ageSessions(person.user_id, 20)
    await page.goto(`${demo.issuer}/settings/users`)
    await page.getByRole('button', { name: 'Add user' }).click()
    await page.getByLabel('E-mail address').fill('never.sent@example.com')
    await page.getByRole('dialog').getByRole('button', { name: 'Add user' }).click()
    await asked(page).waitFor()
    const other = demo.users.find((u) => u.role === 'admin' && u.account_id === demo.account_id && u.email !== person.email)
    const tab = await context.newPage()
    await tab.goto(other.sign_in_url)
    await tab.getByRole('button', { name: /sign in|continue/i }).click()
    await tab.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
    await tab.close()
    await asked(page).getByRole('button', { name: 'Try again' }).click()
    await asked(page).getByText(`${other.email} is signed in now, in this browser. Nothing was sent.`).waitFor()
    await accessible(page, 'Confirm it is you, as somebody else')
    await shot(page, 'reauth-somebody-else')
    const users = curl(`${demo.issuer}/api/v1/users`, '-H', `Authorization: Bearer ${person.management_token}`)
    assert.ok(!users.body.includes('never.sent'), 'it was sent')
    await context.close()
  })
}

async function byKeyboard({ step, shot, demo }, { page, person }) {
  await step('by keyboard alone: refused, asked, wrong, right, done', async () => {
    await startsChange(page, demo)
    demo.ageSessions(person.user_id, 20)
    const button = page.getByRole('dialog').getByRole('button', { name: 'Change role' })
    while (!(await button.evaluate((b) => b === document.activeElement))) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    const input = asked(page).getByLabel('Password', { exact: true })
    await input.waitFor()
    await page.waitForFunction(() => document.activeElement?.autocomplete === 'current-password')
    await accessible(page, 'Confirm it is you')
    await shot(page, 'reauth')
    await page.keyboard.type('not the one that it is')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.querySelector('[autocomplete=current-password][aria-invalid=true]'))
    await page.waitForFunction(() => document.activeElement?.autocomplete === 'current-password')
    await accessible(page, 'Confirm it is you, wrong')
    await shot(page, 'reauth-wrong')
    await page.keyboard.press('Escape')
    await gone(asked(page))
    await page.getByText('Nothing was changed').waitFor()
    assert.ok(await page.getByRole('radio', { name: /^Supervisor/ }).isChecked(), 'the choice is kept')
    await page.waitForFunction((b) => b === document.activeElement, await button.elementHandle()) // the focus is back
    await accessible(page, 'turned away')
    await shot(page, 'reauth-turned-away')
    await page.keyboard.press('Enter')
    await asked(page).waitFor()
    await page.waitForFunction(() => document.activeElement?.autocomplete === 'current-password')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByText('Sam Carter is now supervisor.').waitFor()
    await gone(page.getByRole('dialog'))
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Actions for Sam Carter')
    assert.ok(!(await page.content()).includes(PASSWORD), 'the password is still in the page')
  })
  await step('for a while nothing is asked again', async () => {
    await page.getByRole('button', { name: 'Actions for Sam Carter' }).click()
    await page.getByRole('menuitem', { name: 'Change role' }).click()
    await page.getByRole('dialog').getByRole('radio', { name: /^Agent/ }).check()
    await page.getByRole('dialog').getByRole('button', { name: 'Change role' }).click()
    await page.getByText('Sam Carter is now agent.').waitFor()
  })
}

async function keepsForm({ step, demo }, { page, person }) {
  await step('a refused creation goes through once confirmed, with what was typed', async () => {
    demo.ageSessions(person.user_id, 20)
    await page.getByRole('button', { name: 'Add user' }).click()
    await page.getByLabel('E-mail address').fill('edith.kept@example.com')
    await page.getByLabel('Name').fill('Edith Kept')
    await page.getByRole('dialog').getByRole('button', { name: 'Add user' }).click()
    await asked(page).getByLabel('Password', { exact: true }).fill(PASSWORD)
    await asked(page).getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('dialog', { name: 'User added' }).waitFor()
    await page.getByText('edith.kept@example.com').first().waitFor()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('row', { name: /Edith Kept/ }).waitFor()
  })
}

async function askedInOtherLooks({ step, shot, demo, browser }) {
  for (const [name, look] of LOOKS) {
    await step(`${name}: the question who one is is accessible and does not scroll sideways`, async () => {
      const { context, page, person } = await openAs(browser, demo, { ...ADMIN, look })
      await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
      demo.ageSessions(person.user_id, 20)
      await startsChange(page, demo)
      await page.getByRole('dialog').getByRole('button', { name: 'Change role' }).click()
      await asked(page).waitFor()
      await accessible(page, `Confirm it is you, ${name}`)
      await shot(page, `reauth-${name}`)
      await context.close()
    })
  }
}

async function otherLooks({ step, shot, demo, browser }) {
  for (const [name, look] of LOOKS) {
    await step(`${name}: Security is accessible and does not scroll sideways`, async () => {
      const { context, page, complaints } = await openAs(browser, demo, { ...SUPERVISOR, look })
      await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
      await open(page, demo)
      await accessible(page, `Security, ${name}`)
      await page.getByRole('button', { name: 'Change password' }).click()
      await page.getByLabel('New password', { exact: true }).fill('nine otters')
      await accessible(page, `the password's form, ${name}`)
      await shot(page, `security-${name}`)
      await context.close()
      assert.deepEqual(complaints, [], `the browser complained, ${name}`)
    })
  }
}
