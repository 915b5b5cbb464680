// webmail-cgi/ui/src/state/messages.test.mjs -- which windows of the list are loaded, when, and when again.
// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Failure } from '../jmap/error';
import { Messages, WINDOW } from './messages';

const turn = () => new Promise((done) => setTimeout(done, 0));
const rows = (position, limit, total) =>
  Array.from({ length: Math.max(0, Math.min(limit, total - position)) }, (_, i) => ({ id: `E${position + i}` }));

// A list over a server of `total` mails; asked = windows in the order they were asked for.
function listOf(total, options = {}) {
  const server = { total, state: 's1', fails: false, ...options };
  const asked = [];
  const noticed = [];
  const load = async (position, limit) => {
    asked.push(position / WINDOW);
    if (server.hold) await server.hold;
    if (server.fails) throw new Failure('offline', 'test');
    return { position, rows: rows(position, limit, server.total), total: server.total, queryState: server.state };
  };
  return { list: new Messages(load, (failure) => noticed.push(failure.kind)), server, asked, noticed };
}

test('nothing is asked for until something is in view', async () => {
  const { asked, list } = listOf(1000);
  await turn();
  assert.deepEqual(asked, []);
  assert.equal(list.total(), null);
});

test('the windows in view are loaded once', async () => {
  const { list, asked } = listOf(1000);
  list.show(45, 57);
  await turn();
  list.show(46, 58);
  await turn();
  assert.deepEqual(asked, [0, 1]);
  assert.equal(list.total(), 1000);
  assert.equal(list.row(56).id, 'E56');
  assert.equal(list.row(100), null);
  assert.equal(list.positionOf('E56'), 56);
  assert.equal(list.positionOf('E100'), -1);
});

test('what is scrolled past is not asked for', async () => {
  let release;
  const { list, asked } = listOf(50_000, { hold: new Promise((done) => { release = done; }) });
  for (let at = 0; at < 40_000; at += 1000) list.show(at, at + 12);
  list.show(45_000, 45_012);
  release();
  await turn();
  await turn();
  assert.deepEqual(asked, [0, 20, 900]);
});

test('when the state has changed, the windows in view are loaded again and the others when seen', async () => {
  const { list, server, asked } = listOf(1000);
  list.show(0, 12);
  await turn();
  list.show(100, 112);
  await turn();
  server.state = 's2';
  server.total = 1001;
  list.refresh();
  await turn();
  assert.deepEqual(asked, [0, 2, 0, 2]);
  assert.equal(list.total(), 1001);
});

test('a refresh that finds nothing new asks for one window', async () => {
  const { list, asked } = listOf(1000);
  list.show(100, 112);
  await turn();
  list.refresh();
  await turn();
  assert.deepEqual(asked, [2, 0]);
});

test('a server whose state is new in each answer is not asked in a circle', async () => {
  let n = 0;
  const asked = [];
  const list = new Messages(async (position, limit) => {
    asked.push(position);
    return { position, rows: rows(position, limit, 500), total: 500, queryState: `s${n++}` };
  }, () => undefined);
  list.show(45, 57);
  for (let i = 0; i < 20; i++) await turn();
  assert.ok(asked.length <= 4, `asked ${asked.length} times`);
});

test('a failure stops the loading until it is tried again, and keeps the rows', async () => {
  const { list, server, asked, noticed } = listOf(1000);
  list.show(0, 12);
  await turn();
  server.fails = true;
  list.show(100, 112);
  await turn();
  list.show(200, 212);
  await turn();
  assert.deepEqual(asked, [0, 2]);
  assert.deepEqual(noticed, ['offline']);
  assert.equal(list.failure().kind, 'offline');
  assert.equal(list.row(3).id, 'E3');
  server.fails = false;
  list.retry();
  await turn();
  assert.equal(list.failure(), null);
  assert.equal(list.row(200).id, 'E200');
});

test('a list that became shorter forgets what lay beyond its end', async () => {
  const { list, server } = listOf(1000);
  list.show(500, 512);
  await turn();
  server.total = 20;
  server.state = 's2';
  list.refresh();
  await turn();
  await turn();
  assert.equal(list.total(), 20);
  assert.equal(list.row(500), null);
});

test('a closed list takes no late answer', async () => {
  const { list } = listOf(1000);
  list.show(0, 12);
  list.close();
  await turn();
  assert.equal(list.total(), null);
});

test('reading through a long list keeps a bounded number of windows', async () => {
  const { list } = listOf(50_000);
  for (let at = 0; at < 200; at++) {
    list.show(at * WINDOW, at * WINDOW + 10);
    await turn();
  }
  assert.equal(list.row(0), null);
  assert.equal(list.row(199 * WINDOW).id, `E${199 * WINDOW}`);
});
