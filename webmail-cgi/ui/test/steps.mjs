// webmail-cgi/ui/test/steps.mjs -- what a reader does in the page, and what every test of it watches.
// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// Whatever the browser complains of: script errors, refusals of the content policy, requests elsewhere.
export function watch(page) {
  const complaints = [];
  const origins = new Set();
  page.on('pageerror', (error) => complaints.push(`script error: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    // Answers of 400 and above are logged by the browser itself; tests of failures provoke them.
    if (message.type() === 'error' && !/Failed to load resource/.test(text)) complaints.push(text);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http')) origins.add(url.origin);
  });
  return { complaints, origins };
}

export async function signIn(page, url, user, password) {
  await page.goto(url);
  await page.waitForSelector('.login');
  await page.fill('[name=username]', user);
  await page.fill('[name=password]', password);
  await page.click('.login button[type=submit]');
  await page.waitForFunction(() => document.querySelector('.shell, .login-problem:not(.calm):not(:empty)'));
  const problem = await page.$eval('.login-problem', (element) => element.textContent).catch(() => '');
  if (problem) throw new Error(`the login says: ${problem}`);
  await page.waitForFunction(() => document.querySelector('.row-people, .list .state'));
}

export const subjects = (page) => page.$$eval('.row-subject', (all) => all.map((one) => one.textContent.trim()));

// The text that the reader of the opened message sees, all frames together.
export async function bodyText(page) {
  await page.waitForSelector('iframe.body.shown, .body-empty');
  return page.$$eval('iframe.body', (frames) => frames.map((frame) => frame.contentDocument.body.innerText).join('\n'));
}

// The frame has its own page; axe runs in the page around it. Returns one line a violation. Script
// injection is a sink of its own, so axe's text goes in through the debugger, past the policy.
export async function violations(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: AXE });
  const found = await page.evaluate(async () => {
    const result = await window.axe.run(document, { iframes: false, resultTypes: ['violations'] });
    return result.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0].html.slice(0, 160)}`);
  });
  await session.detach();
  return found;
}
