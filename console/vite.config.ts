import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { licences } from './build/licences.ts'
import { themeBoot } from './build/theme-boot.ts'

export default defineConfig({
  plugins: [react(), tailwindcss(), themeBoot(), licences()],
  build: {
    outDir: 'dist',
    target: 'es2022',
    // An inlined asset is a data: URL, which the Content-Security-Policy allows for images only.
    assetsInlineLimit: 0,
    // The polyfill is an inline script, which the Content-Security-Policy refuses.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
})
