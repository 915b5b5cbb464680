// webmail-cgi/ui/test/unit.mjs -- runs the unit tests that stand beside the code, by Node's own test runner.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Vite turns the TypeScript into modules (Node 18 cannot); nothing is written to the disk.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createServer } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

function testsIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testsIn(path);
    return entry.name.endsWith('.test.mjs') ? [path] : [];
  });
}

const server = await createServer({
  root,
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { host: '127.0.0.1', middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
  // Outside a browser solid-js would be its server build, in which nothing reacts.
  resolve: { alias: { 'solid-js': join(root, 'node_modules/solid-js/dist/solid.js') } },
});
try {
  for (const path of testsIn(join(root, 'src'))) await server.ssrLoadModule(path);
} finally {
  await server.close();
}
