// Credentials without a secret in a real browser: keys that programs sign with,
// and the name in a certificate. The program is this script.
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { LOOKS, accessible, curl, gone, openAs } from './stage.mjs'

const pem = (key) => key.export({ type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem' })
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Asks for a token with an assertion signed by a P-256 key. */
function bySignature(demo, clientID, { privateKey }, kid) {
  const claims = { iss: clientID, sub: clientID, aud: demo.issuer, exp: Math.floor(Date.now() / 1000) + 60, jti: randomUUID() }
  const signed = `${base64url({ alg: 'ES256', ...(kid && { kid }) })}.${base64url(claims)}`
  const assertion = `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  return curl(`${demo.issuer}/oauth2/token`, '-d', 'grant_type=client_credentials', '-d', 'client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer', '-d', `client_assertion=${assertion}`)
}

export async function authentication(stage) {
  const pairs = [1, 2].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }))
  const supervisor = await openAs(stage.browser, stage.demo, { role: 'supervisor' })
  const id = await createdWithKey(stage, supervisor, pairs)
  await keysAreExchanged(stage, supervisor, pairs, id)
  await byCertificate(stage, supervisor)
  await supervisor.context.close()
  // A key that was there already, and a name that is none, are the two refusals.
  assert.deepEqual(supervisor.complaints.map((c) => c.match(/status of (\d+)/)?.[1] ?? c), ['422', '422'], 'the browser complained to the supervisor')
  await otherLooks(stage, id)
}

async function startsCreating(page, name) {
  await page.getByRole('button', { name: 'Create New' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'Create API Credentials' })
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await dialog.getByRole('combobox', { name: 'Scopes' }).click()
  await page.getByRole('option', { name: /Read VCC user details/ }).click()
  await page.keyboard.press('Escape')
  await dialog.getByRole('button', { name: /^Authentication/ }).click()
  return dialog
}

async function createdWithKey({ step, shot, demo }, { page }, [first]) {
  return step('a credential is created with a public key in PEM; a private key is told and not sent', async () => {
    const dialog = await startsCreating(page, 'Signing export')
    await dialog.getByRole('radio', { name: /^Signed assertions/ }).check()
    await accessible(page, 'the authentication of a new credential')
    await shot(page, 'authentication')
    const sent = []
    page.on('request', (r) => sent.push(r.postData() ?? ''))
    await dialog.getByRole('textbox', { name: 'Public keys' }).fill(pem(first.privateKey))
    await dialog.getByRole('button', { name: 'Create', exact: true }).click()
    await dialog.getByText(/This is a private key; it was not sent/).waitFor()
    await accessible(page, 'a private key')
    await shot(page, 'authentication-private')
    assert.ok(!sent.some((body) => body.includes('PRIVATE')), 'it was sent')
    await dialog.locator('input[type=file]').setInputFiles({ name: 'key.pem', mimeType: 'text/plain', buffer: Buffer.from(pem(first.publicKey)) })
    await dialog.getByRole('button', { name: /^Authentication.*Signed assertions/ }).waitFor()
    await page.waitForFunction(() => [...document.querySelectorAll('textarea')].some((t) => t.value.includes('PUBLIC KEY')))
    await dialog.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByRole('dialog', { name: 'Success' }).waitFor()
    await accessible(page, 'Success without a secret')
    await shot(page, 'authentication-success')
    const id = await page.getByLabel('Client ID', { exact: true }).inputValue()
    const answer = bySignature(demo, id, first)
    assert.equal(answer.status, 200, answer.body)
    await page.getByRole('button', { name: 'OK' }).click()
    await gone(page.getByRole('dialog'))
    return id
  })
}

async function keysAreExchanged({ step, shot, demo }, { page }, [first, second], id) {
  await step('keys are exchanged: both work, then the new one alone', async () => {
    await page.getByRole('link', { name: 'Signing export' }).click()
    await page.getByRole('button', { name: 'Add keys' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add keys' })
    await dialog.getByRole('textbox', { name: 'Public keys' }).fill(pem(first.publicKey))
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    await dialog.getByText(/Another key of the set has the same kid/).waitFor()
    await accessible(page, 'a key that is there already')
    await shot(page, 'key-twice')
    await dialog.getByRole('textbox', { name: 'Public keys' }).fill(JSON.stringify({ keys: [{ ...second.publicKey.export({ format: 'jwk' }), kid: 'november', alg: 'ES256' }] }))
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('The key was added.').waitFor()
    const keys = page.getByRole('list', { name: 'Public keys' }).getByRole('listitem')
    await keys.filter({ hasText: 'november' }).waitFor()
    const kid = await keys.first().locator('code').textContent()
    await accessible(page, 'the keys of a credential')
    await shot(page, 'keys')
    for (const answer of [bySignature(demo, id, first, kid), bySignature(demo, id, second, 'november')]) assert.equal(answer.status, 200, answer.body)
    await page.getByRole('button', { name: `Remove key ${kid}` }).click()
    await page.getByRole('dialog', { name: 'Remove key' }).waitFor()
    await accessible(page, 'Remove key')
    await shot(page, 'key-remove')
    await page.getByRole('dialog').getByRole('button', { name: 'Remove key' }).click()
    await page.getByText('The key was removed.').waitFor()
    await gone(page.getByRole('dialog'))
    await gone(page.getByRole('button', { name: /^Remove key/ })) // the last key stays
    assert.equal(await keys.count(), 1)
    assert.equal(bySignature(demo, id, first, kid).status, 401)
    assert.equal(bySignature(demo, id, second).status, 200)
  })
}

async function byCertificate({ step, shot, demo }, { page }) {
  await step('a credential is named by its certificate, and the name is edited', async () => {
    await page.goto(`${demo.issuer}/settings/api-credentials`)
    await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
    const dialog = await startsCreating(page, 'Mesh worker')
    await dialog.getByRole('radio', { name: /^Client certificate/ }).check()
    await dialog.getByRole('button', { name: 'Create', exact: true }).click()
    await dialog.getByText('Enter the name in its certificate.').waitFor()
    await dialog.getByRole('textbox', { name: 'Name in the certificate' }).fill('worker')
    await dialog.getByRole('button', { name: 'Create', exact: true }).click()
    await page.waitForFunction(() => document.querySelector('[role=dialog] input[aria-invalid=true]'))
    await accessible(page, 'a name that no certificate has')
    await shot(page, 'certificate-wrong')
    await dialog.getByRole('textbox', { name: 'Name in the certificate' }).fill('CN=worker,O=Acme')
    await dialog.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByRole('dialog', { name: 'Success' }).waitFor()
    await accessible(page, 'Success with a certificate')
    await shot(page, 'certificate-success')
    await page.getByRole('button', { name: 'OK' }).click()
    await page.getByRole('link', { name: 'Mesh worker' }).click()
    const name = page.getByRole('textbox', { name: 'Name in the certificate' })
    await name.fill('dns:worker.example.com')
    await page.getByRole('button', { name: 'Save API credential' }).click()
    await page.getByText('Mesh worker was saved.').waitFor()
    await page.getByRole('region', { name: 'About' }).getByText('dns:worker.example.com').waitFor()
    assert.equal(await page.getByRole('button', { name: /^Rotate/ }).count(), 0)
    await accessible(page, 'a credential with a certificate')
    await shot(page, 'certificate')
  })
}

async function otherLooks({ step, shot, demo, browser }, id) {
  for (const [name, look] of LOOKS) {
    await step(`${name}: keys and the choice of authentication are accessible and do not scroll sideways`, async () => {
      const { context, page, complaints } = await openAs(browser, demo, { role: 'supervisor', look })
      await page.getByRole('heading', { name: 'API Credentials', level: 1 }).waitFor()
      const dialog = await startsCreating(page, 'Never made')
      await dialog.getByRole('radio', { name: /^Signed assertions/ }).check()
      await accessible(page, `the choice of authentication, ${name}`)
      await shot(page, `authentication-${name}`)
      await page.goto(`${demo.issuer}/settings/api-credentials/${id}`)
      await page.getByRole('list', { name: 'Public keys' }).waitFor()
      await accessible(page, `the keys, ${name}`)
      await page.getByRole('list', { name: 'Public keys' }).scrollIntoViewIfNeeded()
      await shot(page, `keys-${name}`)
      await context.close()
      assert.deepEqual(complaints, [], `the browser complained, ${name}`)
    })
  }
}
