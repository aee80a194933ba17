import { readFileSync } from 'node:fs'
import type { Plugin } from 'vite'

/**
 * Emits src/theme/boot.js as a classic, render-blocking script in the head. Without it a person who chose the
 * dark theme sees a light flash; inline it would break the Content-Security-Policy.
 */
export function themeBoot(): Plugin {
  const source = readFileSync(new URL('../src/theme/boot.js', import.meta.url), 'utf8')
  let reference = ''
  return {
    name: 'claviger-theme-boot',
    apply: 'build',
    buildStart() {
      reference = this.emitFile({ type: 'asset', name: 'theme.js', source })
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, context) {
        const file = Object.values(context.bundle ?? {}).find(
          (output) => output.type === 'asset' && output.names.includes('theme.js'),
        )
        if (!file || !reference) throw new Error('the theme script was not emitted')
        return [{ tag: 'script', attrs: { src: `/${file.fileName}` }, injectTo: 'head-prepend' }]
      },
    },
  }
}
