// webmail-cgi/ui/test/browser.mjs -- the page in the distribution's Chromium against the mock server.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   node test/browser.mjs [WORD]     only the tests whose name contains WORD
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';

import { CHROMIUM, hasChromium, openChromium } from './chromium.mjs';
import { startMock } from './mock.mjs';
import { bodyText, signIn, subjects, violations, watch } from './steps.mjs';

const tests = [];
const test = (name, run, options = {}) => tests.push({ name, run, options });
const enter = (page, mock, box) => signIn(page, mock.url, `${box}@example.org`, 'secret');
const text = (page, selector) => page.$eval(selector, (element) => element.textContent.trim());
const shown = (page, selector) => page.$eval(selector, (element) => element.checkVisibility());
const openFirst = async (page) => {
  await page.click('#row-0');
  await page.waitForSelector('iframe.body.shown');
};

test('a wrong password is told, and a right one leads to the mail', async ({ page, mock }) => {
  await assert.rejects(signIn(page, mock.url, 'fifty@example.org', 'wrong'), /password is wrong/);
  assert.deepEqual(await violations(page), []);
  await page.fill('[name=password]', 'secret');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.row-people');
  assert.equal((await subjects(page))[0], 'Minutes of Thursday');
});

test('the login waits as long as the server says', async ({ page, mock }) => {
  mock.fail['/api/login'] = { status: 429, retryAfter: 7 };
  await assert.rejects(signIn(page, mock.url, 'fifty@example.org', 'secret'), /in 7 seconds/);
});

for (const [box, count] of [['empty', 0], ['one', 1], ['fifty', 50], ['many', 50_000], ['odd', 11]]) {
  test(`a folder with ${count} messages (${box}) has no accessibility violation`, async ({ page, mock }) => {
    await enter(page, mock, box);
    assert.deepEqual(await violations(page), []);
    if (count === 0) return assert.equal(await text(page, '.list .state-title'), 'No messages here');
    assert.equal(await page.getAttribute('#row-0', 'aria-setsize'), String(count));
    await page.click('#row-0');
    await page.waitForSelector('iframe.body.shown, .body-empty');
    assert.deepEqual(await violations(page), []);
  });
}

test('dark and Chinese have no accessibility violation', async ({ page, mock }) => {
  await enter(page, mock, 'odd');
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  assert.equal(await text(page, '.folder[aria-current] .folder-name'), '收件箱');
  await page.click('#row-1');
  await page.waitForSelector('iframe.body.shown');
  assert.deepEqual(await violations(page), []);
}, { colorScheme: 'dark', locale: 'zh-CN' });

test('the language is switched in the menu and remembered', async ({ page, mock }) => {
  await enter(page, mock, 'fifty');
  await page.click('[popovertarget=menu]');
  await page.selectOption('.menu select', 'zh-CN');
  assert.equal(await text(page, '.list-title h2'), '收件箱');
  await page.reload();
  await page.waitForSelector('.row-people');
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
});

test('HTML mail is shown in a frame that can run no script', async ({ page, mock }) => {
  await enter(page, mock, 'odd');
  await page.click('#row-4');
  assert.match(await bodyText(page), /harvest letter/i);
  const sandbox = await page.getAttribute('iframe.body', 'sandbox');
  assert.equal(sandbox, 'allow-same-origin allow-popups allow-popups-to-escape-sandbox');
  assert.equal(await page.getAttribute('iframe.body', 'srcdoc'), null);
  assert.match(await text(page, '.letter .notice'), /Remote images were not loaded/);
  const [inner, outer] = await page.$eval('iframe.body', (frame) => [frame.contentDocument.documentElement.scrollHeight, frame.clientHeight]);
  assert.ok(outer >= inner, `the frame is ${outer} high, its page ${inner}`);
});

test('a mail wider than the page is made to fit', async ({ page, mock }) => {
  await enter(page, mock, 'odd');
  await page.click('#row-4');
  await page.waitForSelector('iframe.body.shown');
  const [left, right, beyond] = await page.$eval('iframe.body', (frame) => {
    const box = frame.getBoundingClientRect();
    return [box.left, box.right, frame.contentDocument.documentElement.scrollWidth - frame.clientWidth];
  });
  assert.ok(left >= 15 && right <= 375, `it reaches from ${left} to ${right}`);
  assert.equal(beyond, 0);
}, { viewport: { width: 390, height: 844 } });

test('text of a mail is text, wherever it stands', async ({ page, mock }) => {
  await enter(page, mock, 'odd');
  await page.click('#row-9');
  assert.match(await bodyText(page), /<script>alert\(1\)<\/script>/);
  assert.equal(await text(page, '#subject'), 'Line break and bell');
  assert.equal(await text(page, '.person-name'), 'paymoc.live');
  assert.equal(await text(page, '.person-email'), 'evil@example.net');
});

test('markup can be set in the page by compiled templates alone', async ({ page, mock }) => {
  await enter(page, mock, 'one');
  const refused = await page.evaluate(() => {
    try {
      document.createElement('div').innerHTML = '<b>x</b>';
      return 'allowed';
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(refused, 'TypeError');
  // The browser reports the attempt; it is what this test is about.
}, { complaints: /TrustedHTML/ });

test('attachments are links to their bytes', async ({ page, mock }) => {
  await enter(page, mock, 'odd');
  await page.click('#row-1');
  await page.waitForSelector('.attachments a');
  assert.equal(await page.$$eval('.attachments a', (all) => all.length), 4);
  const coming = page.waitForEvent('download');
  await page.click('.attachments li:nth-child(3) a');
  const download = await coming;
  assert.equal(download.suggestedFilename(), '会议安排.docx');
});

test('j, k, Enter, u, / and ? do what the overview says', async ({ page, mock }) => {
  await enter(page, mock, 'fifty');
  for (const key of ['j', 'j', 'j', 'k']) await page.keyboard.press(key);
  assert.equal(await page.getAttribute('.row.cursor', 'id'), 'row-1');
  await page.keyboard.press('Enter');
  await page.waitForSelector('iframe.body.shown');
  assert.equal(await text(page, '#subject'), '关于下周会议的安排');
  await page.keyboard.press('j');
  await page.waitForFunction(() => document.querySelector('#subject')?.textContent.includes('Отчёт'));
  assert.equal(await page.getAttribute('[aria-selected=true]', 'id'), 'row-2');
  await page.keyboard.press('u');
  await page.waitForSelector('.message .state');
  await page.keyboard.press('/');
  await page.keyboard.type('invoice');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => /found/.test(document.querySelector('.list-count').textContent));
  assert.ok((await subjects(page)).every((subject) => /Invoice/.test(subject)));
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open]');
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');
  assert.equal(await page.$('dialog[open]'), null);
});

test('keys pressed inside the mail reach the page', async ({ page, mock }) => {
  await enter(page, mock, 'fifty');
  await openFirst(page);
  await page.frameLocator('iframe.body').locator('body').click();
  await page.keyboard.press('j');
  await page.waitForFunction(() => document.querySelector('[aria-selected=true]')?.id === 'row-1');
});

test('50,000 messages: any place is reached with a few requests, and scrolling stays smooth', async ({ page, mock }) => {
  await enter(page, mock, 'many');
  const before = mock.requests.length;
  const jank = await page.evaluate(async () => {
    const list = document.querySelector('.virtual');
    const gaps = [];
    let last = performance.now();
    for (let i = 0; i < 90; i++) {
      list.scrollTop += i < 60 ? 340 : 25_000;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      gaps.push(now - last);
      last = now;
    }
    list.scrollTop = list.scrollHeight;
    const at95 = (all) => all.sort((a, b) => a - b)[Math.floor(all.length * 0.95)];
    return { steady: at95(gaps.slice(0, 60)), flying: at95(gaps.slice(60)) };
  });
  await page.waitForSelector('#row-49999 .row-people');
  const rows = await page.$$eval('.row', (all) => all.length);
  console.log(`    95% of frames within ${jank.steady.toFixed(1)} ms, ${jank.flying.toFixed(1)} ms when flying; ${rows} rows drawn, ${mock.requests.length - before} requests`);
  assert.ok(rows < 60);
  // Generous: the machine may be busy. A list that draws or asks too much takes far longer.
  assert.ok(jank.steady < 150, `a frame took ${jank.steady} ms`);
});

test('a list that waits shows grey rows only after 150 ms', async ({ page, mock }) => {
  await enter(page, mock, 'many');
  mock.delay = 1500;
  const seen = await page.evaluate(async () => {
    const opacity = () => getComputedStyle(document.querySelector('.row .bone') ?? document.body).opacity;
    const wait = (ms) => new Promise((done) => setTimeout(done, ms));
    document.querySelector('.virtual').scrollTop = 1_000_000;
    while (!document.querySelector('.row .bone')) await new Promise(requestAnimationFrame);
    const first = opacity();
    await wait(400);
    return [first, opacity()];
  });
  assert.deepEqual(seen, ['0', '1']);
});

test('new mail appears, and the cursor stays with its message', async ({ page, mock }) => {
  await enter(page, mock, 'one');
  await openFirst(page);
  const box = mock.box('one@example.org');
  box.unshift({ ...box[0], id: 'E99', blobId: 'B99', subject: 'Fresh from the post' });
  mock.state++;
  await page.keyboard.press('r');
  await page.waitForFunction(() => document.querySelectorAll('.row').length === 2);
  assert.deepEqual(await subjects(page), ['Fresh from the post', 'Welcome']);
  assert.equal(await page.getAttribute('.row.cursor', 'id'), 'row-1');
});

test('each failure says what to do, and trying again mends it', async ({ page, mock }) => {
  await enter(page, mock, 'fifty');
  mock.fail['Email/get'] = { type: 'serverFail' };
  await page.click('#row-3');
  await page.waitForSelector('.message .state[role=alert]');
  assert.match(await text(page, '.message .state-hint'), /Your mail is safe/);
  assert.deepEqual(await violations(page), []);
  mock.fail = { '/view/': { status: 503 } };
  await page.click('.message .state .button');
  await page.waitForSelector('.letter .state[role=alert]');
  mock.fail = { '/view/': { status: 502, html: '<h1>Bad Gateway</h1>' } };
  await page.click('.letter .state .button');
  await page.waitForSelector('.letter .state[role=alert]');
  mock.fail = {};
  await page.click('.letter .state .button');
  await page.waitForSelector('iframe.body.shown');
});

test('a folder that cannot be listed says so', async ({ page, mock }) => {
  mock.fail['Email/query'] = { type: 'serverUnavailable' };
  await enter(page, mock, 'fifty');
  assert.match(await text(page, '.list .state-hint'), /busy/);
  mock.fail = {};
  await page.click('.list .state .button');
  await page.waitForSelector('.row-people');
});

test('a message that is gone and a folder that is gone are told', async ({ page, mock }) => {
  await enter(page, mock, 'fifty');
  await page.evaluate(() => location.assign('#/f/inbox/E777'));
  await page.waitForSelector('.message .state[role=alert]');
  assert.match(await text(page, '.message .state-hint'), /moved or deleted/);
  await page.evaluate(() => location.assign('#/f/nowhere'));
  await page.waitForSelector('.list .state[role=alert]');
  assert.match(await text(page, '.list .state-hint'), /no longer exists/);
});

test('a session that ended leads to the login, and back to the same place', async ({ page, mock }) => {
  await enter(page, mock, 'fifty');
  await openFirst(page);
  mock.sessions.clear();
  await page.click('#row-5');
  await page.waitForSelector('.login');
  assert.match(await text(page, '#login-problem'), /You were signed out/);
  await page.fill('[name=username]', 'fifty@example.org');
  await page.fill('[name=password]', 'secret');
  await page.keyboard.press('Enter');
  await page.waitForSelector('iframe.body.shown');
  assert.match(await text(page, '#subject'), /دعوة/);
});

test('a server that is down is told, and tried again', async ({ page, mock }) => {
  mock.fail['/.well-known'] = { status: 503 };
  await page.goto(mock.url);
  await page.waitForSelector('.state[role=alert]');
  assert.deepEqual(await violations(page), []);
  mock.fail = {};
  await page.click('.state .button');
  await page.waitForSelector('.login');
});

test('signing out ends the session', async ({ page, mock }) => {
  await enter(page, mock, 'one');
  await page.click('[popovertarget=menu]');
  assert.deepEqual(await violations(page), []);
  await page.click('.menu-item:last-of-type');
  await page.waitForSelector('.login');
  await page.reload();
  await page.waitForSelector('.login');
});

test('below 1000 px two panes are seen', async ({ page, mock }) => {
  await enter(page, mock, 'fifty');
  assert.deepEqual([await shown(page, '.folders'), await shown(page, '.list'), await shown(page, '.message')], [false, true, true]);
  await page.click('.to-folders');
  assert.deepEqual([await shown(page, '.folders'), await shown(page, '.list'), await shown(page, '.message')], [true, true, false]);
  assert.deepEqual(await violations(page), []);
}, { viewport: { width: 800, height: 900 } });

test('below 640 px one pane is seen, and the back button walks through them', async ({ page, mock }) => {
  const panes = async () => Promise.all(['.folders', '.list', '.message'].map((one) => shown(page, one)));
  await enter(page, mock, 'fifty');
  assert.deepEqual(await panes(), [false, true, false]);
  await openFirst(page);
  assert.deepEqual(await panes(), [false, false, true]);
  assert.deepEqual(await violations(page), []);
  await page.goBack();
  assert.deepEqual(await panes(), [false, true, false]);
  await page.click('.to-folders');
  assert.deepEqual(await panes(), [true, false, false]);
  assert.deepEqual(await violations(page), []);
  await page.click('.folder >> nth=2');
  assert.deepEqual(await panes(), [false, true, false]);
  assert.equal(await text(page, '.list-title h2'), 'Sent');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 390, `the page is ${wide} px wide`);
  const small = await page.$$eval('.folder, .icon-button, .button', (all) =>
    all.filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 40).length);
  assert.equal(small, 0);
}, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

test('panes are resized by mouse and keyboard, and stay so', async ({ page, mock }) => {
  await enter(page, mock, 'one');
  const width = () => page.$eval('.list', (element) => Math.round(element.getBoundingClientRect().width));
  const before = await width();
  const line = await page.locator('.after-list').boundingBox();
  await page.mouse.move(line.x, 300);
  await page.mouse.down();
  await page.mouse.move(line.x + 60, 300);
  await page.mouse.up();
  assert.equal(await width(), before + 60);
  await page.keyboard.press('ArrowLeft');
  assert.equal(await width(), before + 44);
  await page.reload();
  await page.waitForSelector('.row-people');
  assert.equal(await width(), before + 44);
});

async function runOne({ name, run, options }) {
  const { complaints: expected, ...context } = options;
  const mock = await startMock();
  const browser = await openChromium(context);
  const page = browser.context.pages()[0] ?? (await browser.context.newPage());
  page.setDefaultTimeout(10_000);
  const seen = watch(page);
  try {
    await run({ page, mock });
    const odd = seen.complaints.filter((complaint) => !expected?.test(complaint));
    assert.deepEqual(odd, [], 'the browser complained');
    assert.deepEqual([...seen.origins], [mock.url], 'a request went elsewhere');
    console.log(`ok      ${name}`);
    return true;
  } catch (error) {
    console.log(`FAILED  ${name}\n${error.stack ?? error}`);
    return false;
  } finally {
    await browser.close();
    await mock.close();
  }
}

if (!hasChromium()) {
  console.log(`FAILED  ${CHROMIUM} is missing: install the package chromium`);
  process.exit(1);
}
if (!existsSync(new URL('../dist/index.html', import.meta.url))) {
  console.log('FAILED  the page is not built: npm run build');
  process.exit(1);
}
const chosen = tests.filter(({ name }) => name.includes(process.argv[2] ?? ''));
let failed = 0;
for (const one of chosen) failed += (await runOne(one)) ? 0 : 1;
console.log(`${chosen.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
