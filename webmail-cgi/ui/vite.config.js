// webmail-cgi/ui/vite.config.js -- how the page is built: one script, one style sheet, nothing inline.
// SPDX-License-Identifier: GPL-3.0-or-later
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import solid from 'vite-plugin-solid';

export default defineConfig({
  // Templates go through src/kit/dom.ts, which holds the page's one trusted-types policy.
  plugins: [solid({ solid: { moduleName: 'posthouse-dom' } })],
  resolve: {
    alias: { 'posthouse-dom': fileURLToPath(new URL('./src/kit/dom.ts', import.meta.url)) },
  },
  build: {
    target: ['chrome114', 'firefox125', 'safari17'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,  // a data: address is not in the policy for scripts and fonts
    reportCompressedSize: true,
  },
});
