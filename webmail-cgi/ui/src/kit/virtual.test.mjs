// webmail-cgi/ui/src/kit/virtual.test.mjs -- the arithmetic of the virtual list.
// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { scrollTo, TALLEST, viewOf, windowsOf } from './virtual';

test('an empty list draws nothing', () => {
  const view = viewOf(0, 52, 600, 0);
  assert.deepEqual([view.first, view.end, view.height], [0, 0, 0]);
});

test('a list shorter than its port is drawn whole, wherever it was scrolled before', () => {
  const view = viewOf(5, 52, 600, 9999);
  assert.deepEqual([view.first, view.end, view.height, view.shift], [0, 5, 260, 0]);
});

test('the rows in view are drawn with a few beside them', () => {
  const view = viewOf(50_000, 52, 520, 52 * 1000);
  assert.deepEqual([view.visibleFirst, view.visibleEnd], [1000, 1010]);
  assert.ok(view.first < 1000 && view.end > 1010 && view.end - view.first < 30);
  assert.equal(view.shift, 0);
});

test('the last row stands at the bottom when scrolled to the end', () => {
  for (const total of [11, 50_000, 1_000_000]) {
    const height = Math.min(total * 52, TALLEST);
    const view = viewOf(total, 52, 520, height - 520);
    assert.equal(view.visibleEnd, total);
    assert.ok(Math.abs((total - 10) * 52 + view.shift - (height - 520)) < 1, `total ${total}`);
  }
});

test('a million rows fit in a box that browsers can draw, and each can be reached', () => {
  for (const row of [0, 1, 123_456, 500_000, 999_999]) {
    const top = scrollTo(row, 1_000_000, 52, 520, 0);
    const view = viewOf(1_000_000, 52, 520, top);
    assert.ok(view.height <= TALLEST);
    const y = row * 52 + view.shift - top;
    assert.ok(y > -1 && y + 52 < 521, `row ${row} stands at ${y}`);
  }
});

test('revealing a row that is whole in view moves nothing', () => {
  assert.equal(scrollTo(12, 100, 52, 520, 540), 540);
});

test('revealing a row moves no further than needed', () => {
  assert.equal(scrollTo(5, 100, 52, 520, 540), 260);
  assert.equal(scrollTo(30, 100, 52, 520, 540), 31 * 52 - 520);
});

test('windows cover the rows in view and no more', () => {
  assert.deepEqual(windowsOf(0, 12, 50), [0]);
  assert.deepEqual(windowsOf(45, 57, 50), [0, 1]);
  assert.deepEqual(windowsOf(50, 100, 50), [1]);
  assert.deepEqual(windowsOf(24_990, 25_003, 50), [499, 500]);
});
