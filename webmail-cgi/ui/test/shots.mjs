// webmail-cgi/ui/test/shots.mjs -- pictures of each screen against the mock server, to be looked at.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   node test/shots.mjs FOLDER [WORD]     only those whose name contains WORD
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { openChromium } from './chromium.mjs';
import { startMock } from './mock.mjs';

const SIZES = { wide: [1400, 900], middle: [1024, 768], narrow: [800, 1000], phone: [390, 844] };
const BOXES = ['empty', 'one', 'fifty', 'many', 'odd'];
const folder = process.argv[2] ?? 'shots';
const word = process.argv[3] ?? '';

const signIn = async (page, url, user) => {
  await page.goto(url);
  await page.fill('[name=username]', `${user}@example.org`);
  await page.fill('[name=password]', 'secret');
  await page.click('button[type=submit]');
  await page.waitForSelector('.shell');
  await page.waitForFunction(() => document.querySelector('.row-people, .list .state'));
};

// Name of the screen → what is done to come to it.
const SCREENS = {
  login: async (page, url) => {
    await page.goto(url);
    await page.waitForSelector('.login');
  },
  refused: async (page, url) => {
    await page.goto(url);
    await page.fill('[name=username]', 'alice@example.org');
    await page.fill('[name=password]', 'wrong');
    await page.click('button[type=submit]');
    await page.waitForSelector('.login-problem:not(.calm)');
  },
  ...Object.fromEntries(BOXES.map((user) => [`list-${user}`, (page, url) => signIn(page, url, user)])),
  ...Object.fromEntries([0, 1, 3, 4, 8, 10].map((at) => [`odd-${at}`, async (page, url) => {
    await signIn(page, url, 'odd');
    await page.click(`#row-${at}`);
    await page.waitForSelector('iframe.body.shown, .body-empty');
  }])),
  reading: async (page, url) => {
    await signIn(page, url, 'fifty');
    await page.click('#row-0');
    await page.waitForSelector('iframe.body.shown, .body-empty');
  },
  deep: async (page, url) => {
    await signIn(page, url, 'many');
    await page.evaluate(() => document.querySelector('.virtual').scrollTo(0, 25_000 * 52 + 13));
    await page.waitForSelector('#row-25003 .row-people');
  },
  folders: async (page, url) => {
    await signIn(page, url, 'fifty');
    await page.evaluate(() => location.assign('#/folders'));
  },
  menu: async (page, url) => {
    await signIn(page, url, 'fifty');
    await page.evaluate(() => location.assign('#/folders'));
    await page.click('[popovertarget=menu]');
  },
  help: async (page, url) => {
    await signIn(page, url, 'fifty');
    await page.keyboard.press('?');
  },
  nothing: async (page, url) => {
    await signIn(page, url, 'fifty');
    await page.fill('.search input', 'zebra');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.list .state');
  },
  bones: async (page, url, mock) => {
    await signIn(page, url, 'many');
    mock.delay = 5000;
    await page.evaluate(() => document.querySelector('.virtual').scrollTo(0, 900_000));
    await page.waitForTimeout(400);
    mock.delay = 0;
  },
  'wrong-list': async (page, url, mock) => {
    mock.fail['Email/query'] = { type: 'serverUnavailable' };
    await signIn(page, url, 'fifty');
  },
  'wrong-message': async (page, url, mock) => {
    await signIn(page, url, 'fifty');
    mock.fail['Email/get'] = { type: 'serverFail' };
    await page.click('#row-2');
    await page.waitForSelector('.message .state[role=alert]');
  },
  'wrong-body': async (page, url, mock) => {
    await signIn(page, url, 'fifty');
    mock.fail['/view/'] = { status: 503 };
    await page.click('#row-2');
    await page.waitForSelector('.letter .state');
  },
};

mkdirSync(folder, { recursive: true });
const mock = await startMock();
for (const [size, [width, height]] of Object.entries(SIZES)) {
  for (const colorScheme of ['light', 'dark']) {
    for (const locale of ['en-GB', 'zh-CN']) {
      const { context, close } = await openChromium({ viewport: { width, height }, colorScheme, locale, deviceScaleFactor: 1 });
      for (const [screen, reach] of Object.entries(SCREENS)) {
        const name = `${screen}.${size}.${colorScheme}.${locale.slice(0, 2)}`;
        if (!name.includes(word)) continue;
        const page = await context.newPage();
        await context.clearCookies();
        await reach(page, mock.url, mock);
        await page.waitForTimeout(60);
        await page.screenshot({ path: join(folder, `${name}.png`) });
        await page.close();
        mock.fail = {};
        mock.delay = 0;
      }
      await close();
    }
  }
}
await mock.close();
