import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Plugin } from 'vite'

/** The package directory a bundled file came from, or undefined for our own source. */
function packageDirectory(file: string): string | undefined {
  if (!file.includes('/node_modules/')) return undefined
  for (let dir = dirname(file); dir.includes('/node_modules/'); dir = dirname(dir)) {
    const manifest = join(dir, 'package.json')
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version) return dir
  }
  return undefined
}

function notice(dir: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  const file = readdirSync(dir).sort().find((entry) => /^licen[cs]e/i.test(entry))
  const text = file ? readFileSync(join(dir, file), 'utf8').trim() : `Licence: ${license}`
  return `${name} ${version}\n\n${text}\n`
}

/**
 * Collects the licence of every package whose code or font is in the bundle into one text file, named in the
 * page by <link rel="license">. The Open Font License and MIT both ask for it.
 */
export function licences(): Plugin {
  return {
    name: 'claviger-licences',
    apply: 'build',
    generateBundle(_options, bundle) {
      const dirs = new Set<string>()
      const add = (file: string) => {
        const dir = packageDirectory(file.replace(/^\0/, '').split('?')[0] ?? '')
        if (dir) dirs.add(dir)
      }
      // Its base styles are in our style sheet, which does not name its sources.
      add(join(process.cwd(), 'node_modules/tailwindcss/package.json'))
      for (const output of Object.values(bundle)) {
        if (output.type === 'chunk') Object.keys(output.modules).forEach(add)
        else output.originalFileNames.forEach((name) => add(join(process.cwd(), name)))
      }
      const text = [...dirs].map(notice).sort().join(`\n${'-'.repeat(72)}\n\n`)
      this.emitFile({ type: 'asset', name: 'licences.txt', source: text })
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, context) {
        const file = Object.values(context.bundle ?? {}).find(
          (output) => output.type === 'asset' && output.names.includes('licences.txt'),
        )
        if (!file) return []
        return [{ tag: 'link', attrs: { rel: 'license', href: `/${file.fileName}` }, injectTo: 'head' }]
      },
    },
  }
}
