// webmail-cgi/ui/test/check.mjs -- walks through the page of a real server as a user would; one line a step.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   node test/check.mjs --url http://mail.posthouse.localhost:PORT --user alice@example.org
//     --password-file FILE              else the variable POSTHOUSE_PASSWORD
//     [--expect-subject TEXT]...        each must be in the inbox, within --wait seconds (30), and open;
//                                       without any: the lines of standard input, when that is a pipe or file
//     [--expect-text TEXT]...           must be read in one of those messages
//     [--expect-attachment NAME]...     must be offered by one of them, and downloaded with some bytes
//     [--screenshots FOLDER] [--no-axe]
// Exit code: 0 when every step passed, 1 when one failed, 2 for wrong arguments.
import { fstatSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { CHROMIUM, hasChromium, openChromium } from './chromium.mjs';
import { bodyText, signIn, subjects, violations, watch } from './steps.mjs';

const many = { type: 'string', multiple: true, default: [] };
let options;
try {
  options = parseArgs({
    options: {
      'url': { type: 'string' }, 'user': { type: 'string' }, 'password-file': { type: 'string' },
      'expect-subject': many, 'expect-text': many, 'expect-attachment': many,
      'wait': { type: 'string', default: '30' }, 'screenshots': { type: 'string' }, 'no-axe': { type: 'boolean' },
    },
  }).values;
  for (const name of ['url', 'user'])
    if (!options[name]) throw new Error(`--${name} is missing`);
  if (!options['password-file'] && !process.env.POSTHOUSE_PASSWORD)
    throw new Error('--password-file or POSTHOUSE_PASSWORD is missing');
} catch (error) {
  console.error(`check.mjs: ${error.message}`);
  process.exit(2);
}
if (!hasChromium()) {
  console.error(`check.mjs: ${CHROMIUM} is missing: install the package chromium`);
  process.exit(1);
}

const password = options['password-file']
  ? readFileSync(options['password-file'], 'utf8').split('\n')[0]
  : process.env.POSTHOUSE_PASSWORD;
const input = fstatSync(0);
const expected = options['expect-subject'].length > 0 || !(input.isFIFO() || input.isFile())
  ? options['expect-subject']
  : readFileSync(0, 'utf8').split('\n').filter((line) => line.trim() !== '');
const { context, close } = await openChromium();
const page = context.pages()[0] ?? (await context.newPage());
page.setDefaultTimeout(20_000);
const seen = watch(page);
let failed = 0;
let pictures = 0;

async function picture(name) {
  if (!options.screenshots) return;
  mkdirSync(options.screenshots, { recursive: true });
  await page.screenshot({ path: join(options.screenshots, `${String(++pictures).padStart(2, '0')}-${name}.png`) });
}

async function step(name, run) {
  try {
    await run();
    console.log(`ok      page: ${name}`);
    return true;
  } catch (error) {
    failed += 1;
    console.log(`FAILED  page: ${name}: ${String(error.message ?? error).split('\n')[0]}`);
    await picture('failed').catch(() => undefined);
    return false;
  }
}

function must(fact, otherwise) {
  if (!fact) throw new Error(otherwise);
}

async function accessible(name) {
  if (options['no-axe']) return;
  await step(`${name}: no accessibility violation`, async () => {
    const found = await violations(page);
    must(found.length === 0, found.join(' | '));
  });
}

// The page shows runs of white space as one space.
const plain = (text) => text.replace(/\s+/g, ' ').trim();

// Rows come into being as one scrolls: the first 200 messages are looked through.
async function findRow(subject) {
  const wantedText = plain(subject);
  await page.$eval('.virtual', (list) => list.scrollTo(0, 0));
  for (let i = 0; i < 40; i++) {
    const found = await page.evaluateHandle(
      (wanted) => {
        const rows = [...document.querySelectorAll('.row')];
        const subject = (row) => row.querySelector('.row-subject')?.textContent ?? '';
        return rows.find((row) => subject(row) === wanted) ?? rows.find((row) => subject(row).includes(wanted)) ?? null;
      },
      wantedText,
    );
    if (found.asElement()) return found.asElement();
    const done = await page.$eval('.virtual', (list) => {
      const end = list.scrollTop + list.clientHeight >= list.scrollHeight - 1;
      list.scrollTop += 260;
      return end;
    });
    if (done) break;
    await page.waitForTimeout(60);
  }
  return null;
}

async function awaitRow(subject) {
  const end = Date.now() + Number(options.wait) * 1000;
  for (;;) {
    const row = (await page.$('.row')) && (await findRow(subject));
    if (row) return row;
    must(Date.now() < end, `not in the inbox after ${options.wait} s; there: ${(await subjects(page)).slice(0, 12).join(' | ')}`);
    await page.keyboard.press('r');
    await page.waitForTimeout(500);
  }
}

async function readAll() {
  const texts = [];
  const attachments = new Map();
  for (const [n, subject] of expected.entries()) {
    await step(`"${subject}" is listed, opens, and can be read`, async () => {
      const row = await awaitRow(subject);
      await row.click();
      await page.waitForFunction((wanted) => document.querySelector('#subject')?.textContent.includes(wanted), plain(subject));
      texts.push(await bodyText(page));
      for (const link of await page.$$('.attachments a')) {
        const name = await link.$eval('.attachment-name', (element) => element.textContent.trim());
        const coming = page.waitForEvent('download');
        await link.click();
        attachments.set(name, statSync(await (await coming).path()).size);
      }
      await picture(`message-${n + 1}`);
    });
  }
  for (const wanted of options['expect-text'])
    await step(`the text "${wanted}" is read`, () =>
      must(texts.some((text) => text.includes(wanted)), `read: ${texts.join(' | ').slice(0, 300)}`));
  for (const wanted of options['expect-attachment'])
    await step(`the attachment "${wanted}" is downloaded`, () =>
      must(attachments.get(wanted) > 0, `offered: ${[...attachments.keys()].join(', ') || 'none'}`));
}

async function walk() {
  if (!(await step('the login is shown', async () => {
    await page.goto(options.url);
    await page.waitForSelector('.login');
  }))) return;
  await picture('login');
  await accessible('login');
  await step('a wrong password is refused', async () => {
    const answer = await signIn(page, options.url, options.user, `${password}-wrong`).then(() => 'let in', (error) => error.message);
    must(/wrong/.test(answer), answer);
  });
  if (!(await step(`${options.user} signs in`, () => signIn(page, options.url, options.user, password)))) return;
  await step('folders are listed, the inbox is open', async () => {
    const names = await page.$$eval('.folder-name', (all) => all.map((one) => one.textContent.trim()));
    must(names.includes('Inbox'), `folders: ${names.join(', ')}`);
    must((await page.textContent('.folder[aria-current] .folder-name')).trim() === 'Inbox', 'another folder is open');
  });
  await picture('list');
  await accessible('list');
  await readAll();
  if (expected.length > 0) await accessible('message');
  await step('signing out ends the session', async () => {
    await page.click('[popovertarget=menu]');
    await page.click('.menu-item:last-of-type');
    await page.waitForSelector('.login');
    await page.reload();
    await page.waitForSelector('.login');
  });
  await step('the browser had nothing to complain of', () =>
    must(seen.complaints.length === 0, seen.complaints.join(' | ')));
  await step('no request went to another origin', () =>
    must([...seen.origins].join() === new URL(options.url).origin, [...seen.origins].join(', ')));
}

try {
  await walk();
} finally {
  await close();
}
process.exit(failed > 0 ? 1 : 0);
