// The page Scopes & APIs in a real browser: everybody finds which scope a call
// needs; and what the Help entry leads to.
import assert from 'node:assert/strict'
import { accessible, gone, openAs } from './stage.mjs'

export async function scopesPage({ step, shot, demo, browser }) {
  await step('a supervisor sees every scope, who may hold it, and which are on offer to them', async () => {
    const { context, page, complaints } = await openAs(browser, demo, { role: 'supervisor' })
    await page.getByRole('link', { name: 'Scopes & APIs' }).click()
    await page.getByRole('heading', { name: 'Scopes & APIs', level: 1 }).waitFor()
    const table = page.getByRole('table', { name: 'Scopes' })
    await table.waitFor()
    const offered = table.getByRole('row').filter({ hasText: 'On offer to you' })
    assert.deepEqual((await offered.locator('code').allTextContents()).sort(), [
      'claviger:credentials:read',
      'claviger:credentials:write',
      'interaction-content:read',
      'users:read',
    ])
    await accessible(page, 'the scopes')
    await shot(page, 'scopes')
    await table.getByRole('button', { name: 'Read VCC user details, settings, and presences' }).click()
    await page.getByRole('list', { name: 'Routes of users:read' }).getByText('/useradmin/users/**').waitFor()
    await accessible(page, 'an open scope')
    await shot(page, 'scope-open')
    await page.getByRole('tab', { name: /^APIs/ }).click()
    await page.getByRole('list', { name: 'Routes of the User Admin API' }).getByText('/useradmin/permissions/addresses').waitFor()
    await accessible(page, 'the APIs')
    await shot(page, 'apis')
    await context.close()
    assert.deepEqual(complaints, [], 'the browser complained to the supervisor')
  })
  await step('an agent lands there, and learns which scope GET /users and PATCH of a user need', async () => {
    const { context, page, complaints } = await openAs(browser, demo, { role: 'agent' })
    await page.waitForURL('**/settings/scopes')
    const asked = async (text) => {
      await page.getByRole('searchbox').fill(text)
      await page.getByText(`route takes ${text}.`).waitFor()
      return page.getByRole('main').getByRole('listitem').locator('code').allTextContents()
    }
    assert.deepEqual(await asked('GET /users'), ['users:read', 'users:write'])
    await accessible(page, 'an answer')
    await shot(page, 'scope-answer')
    assert.deepEqual(await asked('PATCH /useradmin/users/4711'), ['users:write'])
    await page.getByText('It is not on offer to you.').waitFor()
    await page.getByRole('searchbox').fill('POST /useradmin/users')
    await page.getByText(/^No route takes POST/).waitFor()
    await accessible(page, 'no answer')
    await shot(page, 'scope-no-answer')
    await page.getByRole('searchbox').fill('zebra')
    await page.getByRole('heading', { name: 'No scope matches' }).waitFor()
    await accessible(page, 'nothing found')
    await context.close()
    assert.deepEqual(complaints, [], 'the browser complained to the agent')
  })
  await otherLooks({ step, shot, demo, browser })
}

/** The server writes the configured addresses into the page; its Go tests hold that, and here they are put there. */
export async function help({ step, shot, demo, browser }) {
  await step('Help leads to support and feedback where the operator configured them', async () => {
    const { context, page } = await openAs(browser, demo, { role: 'supervisor' })
    await page.getByRole('button', { name: 'Help' }).click()
    await page.getByRole('link', { name: /^API reference/ }).waitFor()
    assert.equal(await page.getByRole('link', { name: /^Support/ }).count(), 0)
    await page.getByRole('button', { name: 'Close' }).last().click()
    await gone(page.getByRole('dialog'))
    await page.evaluate(() => {
      for (const [name, content] of [
        ['claviger-support-url', 'mailto:support@example.com'],
        ['claviger-documentation-feedback-url', 'https://docs.example.com/feedback'],
      ]) {
        const meta = document.createElement('meta')
        meta.name = name
        meta.content = content
        document.head.append(meta)
      }
    })
    await page.getByRole('button', { name: 'Help' }).click()
    assert.equal(await page.getByRole('link', { name: /^Support/ }).getAttribute('href'), 'mailto:support@example.com')
    assert.equal(await page.getByRole('link', { name: /^Feedback/ }).getAttribute('href'), 'https://docs.example.com/feedback')
    await accessible(page, 'Help')
    await shot(page, 'help')
    await context.close()
  })
}

async function otherLooks({ step, shot, demo, browser }) {
  for (const [name, look] of [
    ['dark', { colorScheme: 'dark' }],
    ['phone', { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true }],
    ['narrow', { viewport: { width: 320, height: 640 } }],
  ]) {
    await step(`${name}: scopes, APIs and an answer are accessible and do not scroll sideways`, async () => {
      const { context, page, complaints } = await openAs(browser, demo, { role: 'admin', look })
      await page.goto(`${demo.issuer}/settings/scopes`)
      const scope = page.getByRole('button', { name: 'Read VCC user details, settings, and presences' })
      await scope.click()
      await page.getByRole('list', { name: 'Routes of users:read' }).waitFor()
      await accessible(page, `the scopes, ${name}`)
      await shot(page, `scopes-${name}`)
      await page.getByRole('tab', { name: /^APIs/ }).click()
      await page.getByText('/useradmin/permissions/addresses').waitFor()
      await accessible(page, `the APIs, ${name}`)
      await shot(page, `apis-${name}`)
      await page.goto(`${demo.issuer}/settings/scopes?${new URLSearchParams({ q: 'GET /users' })}`)
      await page.getByText('One route takes').waitFor()
      await accessible(page, `an answer, ${name}`)
      await shot(page, `scope-answer-${name}`)
      await context.close()
      assert.deepEqual(complaints, [], `the browser complained, ${name}`)
    })
  }
}
