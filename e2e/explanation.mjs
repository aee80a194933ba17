// The page Why was I refused? in a real browser: an admin asks about a refusal
// and about a call that nobody made; nobody else finds it.
import assert from 'node:assert/strict'
import { accessible, curl, LOOKS, openAs } from './stage.mjs'

export async function explanationPage(stage) {
  const refused = refusedCall(stage)
  const { context, page, complaints } = await openAs(stage.browser, stage.demo, { role: 'admin' })
  await aboutARefusal(stage, page, refused)
  await whatIsNotSent(stage, page, refused)
  await aboutACall(stage, page, refused)
  await fromElsewhere(stage, page, refused)
  await context.close()
  // A question that the server cannot answer is a 404, or a 400 for an address that is none.
  const unexpected = complaints.filter((c) => !/status of 40[04]/.test(c))
  assert.deepEqual(unexpected, [], 'the browser complained to the admin')
  for (const role of ['supervisor', 'agent']) {
    await stage.step(`${role === 'agent' ? 'an agent' : 'a supervisor'} finds no Why was I refused?`, () => notThereFor(stage, role))
  }
  await otherLooks(stage, refused)
}

/** A supervisor's program lacks a scope, and gets a request ID for it. */
function refusedCall({ demo }) {
  const supervisor = demo.users.find((u) => u.role === 'supervisor' && u.account_id === demo.account_id)
  const made = curl(`${demo.issuer}/api/v1/credentials`, '-H', `Authorization: Bearer ${supervisor.management_token}`, '-H', 'Content-Type: application/json', '-d', JSON.stringify({ name: 'Shift planner feed', scopes: ['users:read'] }))
  assert.equal(made.status, 201, made.body)
  const { client_id, client_secret } = made.json
  const token = curl(`${demo.issuer}/oauth2/token`, '-u', `${client_id}:${client_secret}`, '-d', 'grant_type=client_credentials').json.access_token
  const { body } = curl('-i', '-X', 'PATCH', `${demo.gateway_url}/useradmin/users/7`, '-H', `Authorization: Bearer ${token}`)
  const [, requestID] = body.match(/claviger-request-id: (\S+)/i)
  return { client_id, client_secret, token, answer: body, requestID }
}

const answer = (page, words) => page.getByRole('region', { name: words })
const request = (page) => page.getByRole('textbox', { name: 'Request ID' })

async function aboutARefusal({ step, shot, demo }, page, { client_id, answer: refusedAnswer, requestID }) {
  await step('the admin pastes a refused answer and learns the rule, the way out, and who may take it', async () => {
    await page.getByRole('link', { name: 'Why was I refused?' }).click()
    await page.getByRole('heading', { name: 'Why was I refused?', level: 1 }).waitFor()
    await accessible(page, 'Why was I refused?')
    await shot(page, 'explain')
    await page.evaluate((text) => navigator.clipboard.writeText(text), refusedAnswer)
    await request(page).press('Control+V')
    assert.equal(await request(page).inputValue(), requestID)
    await page.keyboard.press('Enter')
    const told = answer(page, /needs the scope users:write/)
    await told.waitFor()
    await told.getByText('Scope missing').waitFor()
    await told.getByText('An admin of the account, as you are').waitFor()
    await told.getByText('Shift planner feed').waitFor()
    await accessible(page, 'an explained refusal')
    await shot(page, 'explain-refusal')
    await told.getByRole('link', { name: 'Open the credential' }).click()
    await page.waitForURL(`**/settings/api-credentials/${client_id}**`)
    await page.getByRole('link', { name: 'whether a call would pass' }).waitFor()
  })
  await step('the answer has an address of its own', async () => {
    await page.goto(`${demo.issuer}/settings/why-refused?request_id=${requestID}`)
    await answer(page, /needs the scope users:write/).waitFor()
    assert.equal(await request(page).inputValue(), requestID)
  })
}

async function whatIsNotSent({ step, shot }, page, { client_secret, token, requestID }) {
  await step('secrets and tokens that were pasted are not sent; what is wrong stands beside the field', async () => {
    const sent = []
    page.on('request', (r) => sent.push(r.url()))
    for (const [text, words] of [
      [client_secret, /This holds a client secret/],
      [requestID.split('.')[0], /first part of a request ID/],
    ]) {
      await request(page).fill(text)
      await page.keyboard.press('Enter')
      await page.getByText(words).waitFor()
    }
    assert.equal(await answer(page, /needs the scope users:write/).count(), 0, 'the answer before is still there')
    await accessible(page, 'a question that is none')
    await shot(page, 'explain-fault')
    await request(page).fill(token)
    await page.keyboard.press('Enter')
    await page.getByText(/No event in this account names this token/).waitFor()
    await accessible(page, 'nothing to explain')
    await shot(page, 'explain-nothing')
    const jti = JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).jti
    assert.equal(new URL(page.url()).searchParams.get('jti'), jti)
    for (const url of sent) assert.ok(!url.includes(client_secret) && !url.includes(token.split('.')[2]), 'it was sent')
  })
}

async function aboutACall({ step, shot, demo }, page, { client_id }) {
  await step('the admin tries a call: a credential found by name, a method typed before the path', async () => {
    await page.getByRole('tab', { name: 'A call to try' }).click()
    await page.getByRole('button', { name: 'Would it pass?' }).click()
    await page.getByText('Choose an API credential.').waitFor()
    await accessible(page, 'a call without a credential')
    await shot(page, 'explain-call-empty')
    await page.getByRole('combobox', { name: 'API credential' }).fill('shift')
    await page.getByRole('option', { name: /Shift planner feed/ }).click()
    await page.getByRole('textbox', { name: 'Address or path of the call' }).fill('delete /useradmin/users/7')
    await page.getByRole('button', { name: 'Would it pass?' }).click()
    await answer(page, /needs the scope users:write/).waitFor()
    assert.equal(new URL(page.url()).search, `?client_id=${client_id}&method=DELETE&url=%2Fuseradmin%2Fusers%2F7`)
    await accessible(page, 'a call that would not pass')
    await shot(page, 'explain-call')
    await page.getByRole('combobox', { name: 'Method' }).selectOption('GET')
    await page.getByRole('textbox', { name: 'Address or path of the call' }).fill('https://api.example.com/useradmin/users?x=1')
    await page.getByRole('button', { name: 'Would it pass?' }).click()
    await answer(page, /^The call passes/).waitFor()
    await accessible(page, 'a call that passes')
    await shot(page, 'explain-passes')
    await page.reload()
    await answer(page, /^The call passes/).waitFor()
    assert.equal(await page.getByRole('combobox', { name: 'API credential' }).inputValue(), 'Shift planner feed')
  })
  await step('an address that is none is told beside it', async () => {
    await page.getByRole('textbox', { name: 'Calls from' }).fill('next door')
    await page.keyboard.press('Enter')
    await page.getByText('Enter an IP address, as 192.0.2.7.').waitFor()
    await accessible(page, 'an address that is none')
    await shot(page, 'explain-address')
  })
}

async function fromElsewhere({ step, demo }, page, { client_id }) {
  await step('the scopes page and the usage page lead there', async () => {
    await page.goto(`${demo.issuer}/settings/scopes?q=GET+%2Fuseradmin%2Fusers`)
    await page.getByRole('link', { name: 'Would a credential’s call pass?' }).click()
    assert.equal(await page.getByRole('textbox', { name: 'Address or path of the call' }).inputValue(), '/useradmin/users')
    const usage = `${demo.issuer}/settings/api-credentials/${client_id}/usage`
    const link = page.getByRole('link', { name: 'try a call' })
    for (const end = Date.now() + 30_000; Date.now() < end && (await link.count()) === 0; ) {
      await page.goto(usage)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForTimeout(1000)
    }
    await link.click()
    await page.getByRole('combobox', { name: 'API credential' }).waitFor()
    assert.equal(await page.getByRole('combobox', { name: 'API credential' }).inputValue(), 'Shift planner feed')
  })
}

async function notThereFor({ browser, demo }, role) {
  const { context, page } = await openAs(browser, demo, { role })
  await page.goto(`${demo.issuer}/settings/why-refused`)
  await page.getByRole('heading', { name: 'Not found' }).waitFor()
  assert.equal(await page.getByRole('link', { name: 'Why was I refused?' }).count(), 0)
  await accessible(page, `no explanations for the ${role}`)
  await context.close()
}

async function otherLooks({ step, shot, demo, browser }, { client_id, requestID }) {
  for (const [name, look] of LOOKS) {
    await step(`${name}: Why was I refused? is accessible and does not scroll sideways`, async () => {
      const { context, page, complaints } = await openAs(browser, demo, { role: 'admin', look })
      await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
      await page.goto(`${demo.issuer}/settings/why-refused`)
      await page.getByRole('heading', { name: 'Where the request ID is' }).waitFor()
      await accessible(page, `Why was I refused?, ${name}`)
      await shot(page, `explain-${name}`)
      await page.goto(`${demo.issuer}/settings/why-refused?request_id=${requestID}`)
      await answer(page, /needs the scope users:write/).waitFor()
      await accessible(page, `an explained refusal, ${name}`)
      await shot(page, `explain-refusal-${name}`)
      await page.goto(`${demo.issuer}/settings/why-refused?client_id=${client_id}&url=%2Fuseradmin%2Fusers`)
      await answer(page, /^The call passes/).waitFor()
      await accessible(page, `a call that passes, ${name}`)
      await page.getByRole('combobox', { name: 'API credential' }).click()
      await page.getByRole('option').first().waitFor()
      await accessible(page, `choosing a credential, ${name}`)
      await shot(page, `explain-call-${name}`)
      await context.close()
      assert.deepEqual(complaints, [], `the browser complained, ${name}`)
    })
  }
}
