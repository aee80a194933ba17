// The stage of the browser script: the real binary's demo, a real Chromium, and
// the checks that hold on every page: no console error, no CSP event, no axe
// finding, no sideways scroll.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const repository = new URL('..', import.meta.url).pathname
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Builds the binary and starts its demo; stop() ends it and checks that it ended well. */
export async function startDemo() {
  const dir = mkdtempSync(join(tmpdir(), 'claviger-browser-'))
  const binary = join(dir, 'claviger')
  execFileSync('go', ['build', '-o', binary, './cmd/claviger'], { cwd: repository, stdio: 'inherit' })
  const child = spawn(binary, ['demo', '--json', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const ended = new Promise((resolve) => child.on('exit', resolve))
  const line = await new Promise((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')))
    })
    ended.then((code) => reject(new Error(`the demo ended with ${code} before it was ready:\n${stderr}`)))
  })
  // The clock of the demo cannot be set: what happened is moved back instead.
  const change = (statement) => {
    const [, directory] = stderr.match(/temporary data directory (\S+)/)
    return execFileSync('sqlite3', ['-cmd', '.timeout 5000', join(directory, 'claviger.db'), statement], { encoding: 'utf8' })
  }
  return {
    ...JSON.parse(line),
    log: () => stderr,
    change,
    /** Lets time pass for a person's sessions: whoever waits so long has to confirm who they are. */
    ageSessions(userID, minutes) {
      const changed = change(`UPDATE sessions SET authenticated_at = authenticated_at - ${minutes * 60e6} WHERE user_id = '${userID}' RETURNING 1`)
      assert.match(changed, /1/, 'no session grew older')
    },
    /**
     * Lets time pass for a credential and its secrets, which nobody uses meanwhile. The
     * demo says each minute since when it runs, and that is no quiet; it is moved back, too.
     */
    ageCredential(clientID, minutes) {
      change(`CREATE TRIGGER IF NOT EXISTS runs_longer AFTER UPDATE ON usage_marks
        BEGIN UPDATE usage_marks SET lost = lost - ${minutes * 60e6} WHERE process = new.process; END`)
      const earlier = (column) => `${column} = CASE WHEN ${column} = 0 THEN 0 ELSE ${column} - ${minutes * 60e6} END`
      const changed = change(`UPDATE credentials SET ${earlier('updated_at')}, ${earlier('last_used_at')} WHERE client_id = '${clientID}';
        UPDATE secrets SET ${['created_at', 'last_used_at', 'close_counted_from'].map(earlier).join(', ')} WHERE client_id = '${clientID}' RETURNING 1`)
      assert.match(changed, /1/, 'no secret grew older')
    },
    async stop() {
      child.kill('SIGTERM')
      const code = await ended
      rmSync(dir, { recursive: true, force: true })
      assert.equal(code, 0, `the demo ended with ${code}:\n${stderr}`)
    },
  }
}

export async function startBrowser() {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
  assert.ok(executablePath, 'Chromium is missing. Install it: apt-get install chromium')
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
  const slow = Number(process.env.E2E_SLOW ?? 0)
  if (slow) slowDown(browser, slow)
  return browser
}

/** Makes every page that many times slower, and its answers late and out of order: what passes by speed alone fails then. */
function slowDown(browser, times) {
  const newContext = browser.newContext.bind(browser)
  browser.newContext = async (options) => {
    const context = await newContext(options)
    await context.route('**/v1/**', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 100 * times))
      await route.continue().catch(() => {})
    })
    const newPage = context.newPage.bind(context)
    context.newPage = async () => {
      const page = await newPage()
      const session = await context.newCDPSession(page)
      await session.send('Emulation.setCPUThrottlingRate', { rate: times })
      return page
    }
    return context
  }
}

/** Waits until nothing matches any more. It may have matched several things: a button and, while its dialog closes, that one's. */
export const gone = (locator) => locator.first().waitFor({ state: 'detached' })

/** How the pages are looked at beside a desktop's light. */
export const LOOKS = [
  ['dark', { colorScheme: 'dark' }],
  ['phone', { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true }],
  ['narrow', { viewport: { width: 320, height: 640 } }],
]

/** A person at a browser of their own, with every complaint of the browser collected: the nth of a role. */
export async function openAs(browser, demo, { role, first = true, nth = 0, look = {} }) {
  const person = demo.users.filter((u) => u.role === role && (u.account_id === demo.account_id) === first)[nth]
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, permissions: ['clipboard-read', 'clipboard-write'], ...look })
  const page = await context.newPage()
  const complaints = []
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && complaints.push(`${m.type()}: ${m.text()}`))
  page.on('pageerror', (e) => complaints.push(`page error: ${e.message}`))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`))
  })
  await page.goto(person.sign_in_url)
  assert.ok((await page.textContent('body')).includes(person.email), 'the link says whom it is for')
  await page.getByRole('button', { name: /sign in|continue/i }).click()
  await page.waitForURL(`${demo.issuer}/**`)
  return { context, page, person, complaints }
}

/** axe-core in a DevTools isolated world: under the console's policy no page script could add it. */
export async function accessible(page, what) {
  const session = await page.context().newCDPSession(page)
  const { frameTree } = await session.send('Page.getFrameTree')
  const { executionContextId } = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: 'axe' })
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression, contextId: executionContextId, awaitPromise: true, returnByValue: true })
    assert.ok(!exceptionDetails, `axe on ${what}: ${JSON.stringify(exceptionDetails)}`)
    return result.value
  }
  await evaluate(axeSource + ';0')
  // What turns for ever, as a spinner does, is not waited for.
  await page.waitForFunction(() => document.getAnimations().every((a) => a.playState !== 'running' || a.effect?.getComputedTiming().endTime === Infinity))
  const found = await evaluate(`axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
    .then((r) => ({ passes: r.passes.length, violations: r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target.join(' ')).join(', ')) }))`)
  await session.detach()
  assert.ok(found.passes > 5, `axe looked at nothing on ${what}`)
  assert.deepEqual(found.violations, [], `axe on ${what}`)
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(sideways <= 0, `${what} scrolls sideways by ${sideways} px`)
}

/** curl as a program would run it; the answer's status and body. */
export function curl(...args) {
  const out = execFileSync('curl', ['-s', '-w', '\n%{http_code}', ...args], { encoding: 'utf8' })
  const at = out.lastIndexOf('\n')
  const body = out.slice(0, at)
  return { status: Number(out.slice(at + 1)), body, json: body.startsWith('{') ? JSON.parse(body) : undefined }
}
