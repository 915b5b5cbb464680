// webmail-cgi/ui/src/state/folders_route.test.mjs -- the order of the folders and the addresses of places.
// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { inTreeOrder } from './mailboxes';
import { parseRoute, routeHash } from './route';

const collator = new Intl.Collator('en', { numeric: true });
const box = (id, more = {}) => ({ id, name: id, parentId: null, role: null, sortOrder: 0, totalEmails: 0, unreadEmails: 0, ...more });
const ordered = (list) => inTreeOrder(list, collator).map(({ mailbox, depth }) => `${'-'.repeat(depth)}${mailbox.id}`);

test('folders with a role come first, in their usual order; then by number and name', () => {
  const list = [box('b 10'), box('b 9'), box('x', { role: 'trash' }), box('y', { role: 'inbox' }), box('a', { sortOrder: 5 })];
  assert.deepEqual(ordered(list), ['y', 'x', 'b 9', 'b 10', 'a']);
});

test('children follow their parent', () => {
  assert.deepEqual(ordered([box('c', { parentId: 'a' }), box('b'), box('a'), box('d', { parentId: 'c' })]), ['a', '-c', '--d', 'b']);
});

test('a folder whose parent is unknown stands at the top', () => {
  assert.deepEqual(ordered([box('a', { parentId: 'gone' })]), ['a']);
});

test('parents in a circle do not hang the page', () => {
  assert.deepEqual(ordered([box('a', { parentId: 'b' }), box('b', { parentId: 'a' }), box('c')]), ['c']);
});

test('a place survives the way through its address', () => {
  for (const [mailbox, email, search] of [['m', null, ''], ['m/1?', 'E 1#', 'a&b=c 王'], ['m', 'E1', '%']]) {
    const route = parseRoute(routeHash(mailbox, email, search));
    assert.deepEqual([route.mailboxId, route.emailId, route.search], [mailbox, email, search]);
    assert.equal(route.pane, email ? 'message' : 'list');
  }
});

test('broken addresses lead to the list', () => {
  for (const hash of ['', '#', '#/', '#/f', '#/f/', '#//', '#/x/y', '#/f?q=1'])
    assert.deepEqual(parseRoute(hash), { pane: 'list', mailboxId: null, emailId: null, search: '' }, hash);
  assert.equal(parseRoute('#/f/%E0%A4').mailboxId, '%E0%A4');
});
