// The page Account in a real browser: the rules for credentials, told before
// they are saved; account-level credentials; and a person in two accounts.
import assert from 'node:assert/strict'
import { LOOKS, accessible, curl, gone, openAs } from './stage.mjs'

const SECOND_ADMIN = { role: 'admin', nth: 1 }

const refusals = (complaints) => complaints.map((c) => c.match(/status of (\d+)/)?.[1] ?? c)

const rule = (page, name) => page.getByRole('group', { name })
const save = (page) => page.getByRole('button', { name: 'Save rules' }).click()

async function openAccount(page, demo) {
  await page.goto(`${demo.issuer}/settings/account`)
  await page.getByRole('button', { name: 'Save rules' }).waitFor()
}

export async function accountPage(stage) {
  const admin = await openAs(stage.browser, stage.demo, { role: 'admin' })
  await setsRules(stage, admin)
  await meetsAnother(stage, admin)
  assert.deepEqual(refusals(admin.complaints), ['412'], 'the browser complained to the admin')
  await admin.context.close()
  await othersSee(stage)
  await otherLooks(stage)
}

async function setsRules({ step, shot, demo }, { page }) {
  await step('an admin reads what a rule will bring about, and saves it', async () => {
    await page.getByRole('link', { name: 'Account', exact: true }).click()
    await page.getByRole('heading', { name: 'Account', level: 1 }).waitFor()
    await page.getByText(demo.account_id).waitFor()
    await accessible(page, 'Account')
    await shot(page, 'account')
    const secrets = rule(page, 'Longest life of a client secret')
    await secrets.getByText('90 days').click()
    await page.getByText('Secrets older than 90 days end as soon as you save').waitFor()
    await accessible(page, 'Account, with a grave change')
    await shot(page, 'account-grave')
    await secrets.getByText('Other').click()
    assert.equal(await secrets.getByLabel(/number$/).inputValue(), '90', 'another length starts from the preset')
    await secrets.getByLabel(/number$/).fill('4000')
    await page.getByText('Enter 3,650 days at most.').waitFor()
    assert.ok(await page.getByRole('button', { name: 'Save rules' }).isDisabled())
    await accessible(page, 'Account, with a fault')
    await secrets.getByLabel(/number$/).fill('45')
    await rule(page, 'Account-level credentials').getByRole('radio', { name: /^Open/ }).check()
    await save(page)
    await page.getByText('The rules were saved.').waitFor()
    await page.reload()
    await secrets.waitFor()
    assert.equal(await secrets.getByLabel(/number$/).inputValue(), '45')
    assert.ok(await page.getByRole('radio', { name: /^Open/ }).isChecked())
    await secrets.getByText('No limit').click()
    await page.getByText('Those that had grown too old work again.').waitFor()
    await save(page)
    await page.getByText('The rules were saved.').waitFor()
  })
}

async function meetsAnother({ step, shot, demo, browser }, { page }) {
  await step('what another admin saved meanwhile is shown beside one\'s own', async () => {
    const tokens = (at) => rule(at, 'Longest life of an access token')
    await openAccount(page, demo)
    await tokens(page).getByText('15 minutes').click()
    const other = await openAs(browser, demo, SECOND_ADMIN)
    await openAccount(other.page, demo)
    await tokens(other.page).getByText('8 hours').click()
    await save(other.page)
    await other.page.getByText('The rules were saved.').waitFor()
    await other.context.close()
    await save(page)
    await page.getByText('Somebody saved these rules while you were editing').waitFor()
    const table = page.getByRole('alert').getByRole('table')
    assert.deepEqual(await table.getByRole('cell').allTextContents(), ['15 minutes', '8 hours'])
    await accessible(page, 'two versions of the rules')
    await shot(page, 'account-conflict')
    await page.getByRole('button', { name: 'Keep mine' }).click()
    await save(page)
    await page.getByText('The rules were saved.').waitFor()
    await tokens(page).getByText('The server’s').click()
    await save(page)
    await gone(page.getByText('New access tokens live as long'))
  })
}

async function othersSee({ step, shot, demo, browser }) {
  await step('a supervisor reads the rules and cannot change them', async () => {
    const { context, page, complaints } = await openAs(browser, demo, { role: 'supervisor' })
    await page.getByRole('link', { name: 'Account', exact: true }).click()
    await page.getByRole('heading', { name: 'Rules' }).waitFor()
    await page.getByText('Usual (90 days)').waitFor()
    assert.equal(await page.getByRole('main').getByRole('radio').count(), 0)
    assert.equal(await page.getByRole('button', { name: 'Save rules' }).count(), 0)
    await accessible(page, 'Account, read-only')
    await shot(page, 'account-read-only')
    await context.close()
    assert.deepEqual(complaints, [], 'the browser complained to the supervisor')
  })
  await step('an agent finds no Account page', async () => {
    const { context, page } = await openAs(browser, demo, { role: 'agent' })
    await page.goto(`${demo.issuer}/settings/account`)
    await page.getByText('Not found').first().waitFor()
    assert.equal(await page.getByRole('link', { name: 'Account', exact: true }).count(), 0)
    await context.close()
  })
}

async function otherLooks({ step, shot, demo, browser }) {
  for (const [name, look] of LOOKS) {
    await step(`${name}: Account is accessible and does not scroll sideways`, async () => {
      const { context, page, complaints } = await openAs(browser, demo, { role: 'admin', look })
      await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
      await openAccount(page, demo)
      await rule(page, 'Longest life of a client secret').getByText('Other').click()
      await rule(page, 'Disable unused credentials').getByText('180 days').click()
      await page.getByText('notice of 90 days').waitFor()
      await accessible(page, `Account, ${name}`)
      await shot(page, `account-${name}`)
      await context.close()
      assert.deepEqual(complaints, [], `the browser complained, ${name}`)
    })
  }
}

const tab = (page, name) => page.getByRole('tab', { name })

const token = (demo, { id, secret }) =>
  curl(`${demo.issuer}/oauth2/token`, '-u', `${id}:${secret}`, '-d', 'grant_type=client_credentials')

export async function accountLevel(stage) {
  const admin = await openAs(stage.browser, stage.demo, { role: 'admin' })
  const made = await creates(stage, admin.page)
  await supervisorSeesNone(stage, made)
  await closedStillManaged(stage, admin.page, made)
  assert.deepEqual(admin.complaints, [], 'the browser complained to the admin')
  await admin.context.close()
}

async function creates({ step, shot, demo }, page) {
  return step('with the policy open, an admin creates one from the tab Users and lands in Accounts', async () => {
    await tab(page, /^Accounts/).waitFor()
    await page.getByRole('button', { name: 'Create New' }).first().click()
    const dialog = page.getByRole('dialog', { name: 'Create API Credentials' })
    await dialog.getByRole('radio', { name: /^Account-level/ }).check()
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Wallboard of the account')
    await dialog.getByRole('combobox', { name: 'Scopes' }).click()
    await page.getByRole('option', { name: /Read VCC user details/ }).click()
    await page.keyboard.press('Escape')
    await accessible(page, 'creating an account-level credential')
    await shot(page, 'create-account-level')
    await dialog.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByRole('dialog', { name: 'Success' }).waitFor()
    const id = await page.getByLabel('Client ID', { exact: true }).inputValue()
    await page.getByRole('button', { name: 'Copy client secret' }).click()
    const secret = await page.evaluate(() => navigator.clipboard.readText())
    await page.evaluate(() => navigator.clipboard.writeText(''))
    await page.getByRole('button', { name: 'OK' }).click()
    await gone(page.getByRole('dialog'))
    assert.equal(await tab(page, /^Accounts/).getAttribute('aria-selected'), 'true')
    await page.getByRole('link', { name: 'Wallboard of the account' }).waitFor()
    await accessible(page, 'the tab Accounts')
    await shot(page, 'accounts')
    assert.equal(token(demo, { id, secret }).status, 200)
    return { id, secret }
  })
}

async function supervisorSeesNone({ step, demo, browser }, { id }) {
  await step('a supervisor sees no tab and no account-level credential', async () => {
    const { context, page } = await openAs(browser, demo, { role: 'supervisor' })
    await page.goto(`${demo.issuer}/settings/api-credentials?tab=accounts`)
    await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Create New' }).first().click()
    await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).waitFor()
    assert.equal(await page.getByRole('radio').count(), 0, 'a level is offered')
    assert.equal(await page.getByRole('tab').count(), 0)
    assert.ok(!(await page.content()).includes('Wallboard'))
    await page.goto(`${demo.issuer}/settings/api-credentials/${id}`)
    await page.getByText('Not found').first().waitFor()
    await context.close()
  })
}

async function closePolicy(page, demo) {
  await openAccount(page, demo)
  await page.getByRole('radio', { name: /^Closed/ }).check()
  await page.getByText('Those there are keep working').waitFor()
  await save(page)
  await page.getByText('The rules were saved.').waitFor()
}

async function closedStillManaged({ step, shot, demo }, page, { id, secret }) {
  await step('closed again, it is still edited, rotated, disabled and enabled; none can be created', async () => {
    await closePolicy(page, demo)
    await page.goto(`${demo.issuer}/settings/api-credentials?tab=accounts`)
    await page.getByText('no longer makes account-level credentials').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Create New' }).count(), 0)
    await accessible(page, 'Accounts, closed')
    await shot(page, 'accounts-closed')
    await page.getByRole('link', { name: 'Wallboard of the account' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('Wallboard')
    await page.getByRole('button', { name: 'Save API credential' }).click()
    await page.getByRole('heading', { name: 'Wallboard', level: 1, exact: true }).waitFor()
    await accessible(page, 'an account-level credential')
    await shot(page, 'account-level')
    await page.getByRole('button', { name: /^Rotate/ }).first().click()
    await page.getByRole('dialog').getByRole('button', { name: /^Rotate/ }).click()
    await page.getByRole('dialog', { name: 'Success' }).waitFor()
    await page.getByRole('button', { name: 'Copy client secret' }).click()
    await page.getByRole('button', { name: 'OK' }).click()
    assert.equal(token(demo, { id, secret }).status, 200)
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
    await page.getByText('was disabled.').waitFor()
    assert.equal(token(demo, { id, secret }).status, 401)
    await page.getByRole('button', { name: 'Enable' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Enable' }).click()
    await page.getByText('was enabled.').waitFor()
    assert.equal(token(demo, { id, secret }).status, 200)
  })
  await step('with the last one deleted, the tabs are gone', async () => {
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('dialog').getByRole('textbox').fill('Wallboard')
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.waitForURL((url) => url.pathname === '/settings/api-credentials')
    await gone(page.getByRole('tab'))
    assert.equal(token(demo, { id, secret }).status, 401)
  })
}

/** The admin of the second account, who joined the first one as a supervisor on the page Users. */
export async function switching({ step, shot, demo, browser }) {
  const { context, page, person, complaints } = await openAs(browser, demo, { role: 'admin', first: false })
  const bearer = ['-H', `Authorization: Bearer ${person.management_token}`, '-H', 'Content-Type: application/json']
  const there = curl(`${demo.issuer}/api/v1/credentials`, ...bearer, '-d', '{"name":"Only of the second account","scopes":["users:read"]}').json
  const switchTo = async (name) => {
    await page.getByRole('button', { name: /^Account:/ }).click()
    await page.getByRole('menuitemradio', { name }).click()
    await page.getByRole('button', { name: new RegExp(`^Account:.*${name}`) }).waitFor()
  }
  const mine = await (await page.request.get(`${demo.issuer}/api/v1/me`)).json()
  const [first, second] = [demo.account_id, person.account_id].map((id) => mine.accounts.find((a) => a.account_id === id))
  await step('a person in two accounts changes between them; nothing of the one shows in the other', async () => {
    await page.goto(`${demo.issuer}/?account=${second.account_id}`)
    await page.getByRole('link', { name: there.name }).waitFor()
    await page.getByRole('button', { name: /^Account:/ }).click()
    await page.getByRole('menuitemradio').first().waitFor()
    await accessible(page, 'the accounts to choose from')
    await shot(page, 'accounts-menu')
    await page.keyboard.press('Escape')
    await notesWhatShows(page, there.name)
    await switchTo(first.name)
    await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
    await page.getByText('Make your first call').or(page.getByRole('table')).first().waitFor()
    assert.deepEqual(await page.evaluate(() => window.strays), [], 'the other account showed')
    assert.equal(await page.getByRole('link', { name: 'Users' }).count(), 0, 'admin there, supervisor here')
  })
  await step('the choice outlives a reload and a walk through the pages, and nothing keeps it but the address', async () => {
    await page.getByRole('link', { name: 'Scopes & APIs' }).click()
    await page.reload()
    await page.getByRole('button', { name: new RegExp(`^Account:.*${first.name}`) }).waitFor()
    assert.equal(new URL(page.url()).searchParams.get('account'), first.account_id)
    assert.deepEqual(await page.evaluate(() => [Object.keys(localStorage), Object.keys(sessionStorage)]), [[], []])
    await switchTo(second.name)
    await page.getByRole('link', { name: there.name }).waitFor()
    await page.goBack()
    await page.getByRole('button', { name: new RegExp(`^Account:.*${first.name}`) }).waitFor()
  })
  await step('what is of the other account, or of an account that is not theirs, is not found', async () => {
    const credential = `${demo.issuer}/settings/api-credentials/${there.client_id}`
    await page.goto(`${credential}?account=${first.account_id}`)
    await page.getByRole('heading', { name: 'Not found' }).waitFor()
    assert.ok(!(await page.content()).includes(there.name))
    await accessible(page, 'Not found')
    await page.goto(`${credential}?account=${second.account_id}`)
    await page.getByRole('heading', { name: there.name, level: 1 }).waitFor()
    for (const stranger of ['00000000-0000-7000-8000-000000000000', 'nonsense']) {
      await page.goto(`${credential}?account=${stranger}`)
      await page.getByRole('heading', { name: 'Not found' }).waitFor()
      assert.ok(!(await page.content()).includes(there.name))
    }
    await shot(page, 'account-astray')
    await page.getByRole('link', { name: 'Go to your own account' }).click()
    await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
    assert.equal(new URL(page.url()).searchParams.get('account'), null)
  })
  await context.close()
  // Only what was asked for in the wrong account was refused.
  assert.ok(refusals(complaints).every((c) => /^40[034]$/.test(c)), `the browser complained: ${complaints}`)
}

/** From now on, notes whenever a text shows while the head names another account than it did. */
async function notesWhatShows(page, text) {
  await page.evaluate((stray) => {
    const account = () => document.querySelector('aside button')?.textContent
    const before = account()
    window.strays = []
    new MutationObserver(() => {
      const now = account()
      if (now && now !== before && document.body.textContent.includes(stray)) window.strays.push(now)
    }).observe(document.body, { subtree: true, childList: true, characterData: true })
  }, text)
}
