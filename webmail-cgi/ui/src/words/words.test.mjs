// webmail-cgi/ui/src/words/words.test.mjs -- the choice of language, dates, sizes and names.
// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clean, nameOf, namesOf } from '../kit/text';
import { en } from './en';
import { chooseLanguage, makeFormats } from './words';
import { zhCn } from './zh_cn';

test('the language is the one chosen, else the first of the browser that there is, else English', () => {
  assert.equal(chooseLanguage('zh-CN', ['en-US']), 'zh-CN');
  assert.equal(chooseLanguage('xx', ['de', 'zh-TW', 'en']), 'zh-CN');
  assert.equal(chooseLanguage(null, ['fr', 'en-GB', 'zh']), 'en');
  assert.equal(chooseLanguage(null, []), 'en');
  assert.equal(chooseLanguage('constructor', []), 'en');
});

const leaves = (value, path = '') =>
  Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'object' ? leaves(inner, `${path}${key}.`) : [[`${path}${key}`, inner]]);

test('every text has words in every language, and none is left in English', () => {
  const chinese = new Map(leaves(zhCn));
  for (const [key, text] of leaves(en)) {
    assert.equal(typeof chinese.get(key), typeof text, key);
    if (typeof text === 'string') {
      assert.notEqual(text.trim(), '', key);
      assert.match(chinese.get(key), /\p{Script=Han}/u, key);
    }
  }
});

test('numbers and their nouns agree', () => {
  assert.equal(en.list.total(1), '1 message');
  assert.equal(en.list.total(50_000), '50,000 messages');
  assert.equal(zhCn.list.total(50_000), '共 50,000 封');
});

test('a date is as short as it can be', () => {
  const { listDate, fullDate } = makeFormats('en-GB');
  const now = new Date(2026, 10, 22, 12, 0);
  assert.match(listDate(new Date(2026, 10, 22, 6, 2), now), /^0?6:02$/);
  assert.equal(listDate(new Date(2026, 10, 3), now), '3 Nov');
  assert.equal(listDate(new Date(2021, 0, 3), now), '3 Jan 2021');
  assert.equal(listDate(new Date('nonsense'), now), '');
  assert.equal(fullDate(new Date('nonsense')), '');
});

test('sizes carry the unit a reader thinks in', () => {
  const { size } = makeFormats('en');
  assert.equal(size(1), '1 byte');
  assert.equal(size(999), '999 bytes');
  assert.equal(size(48_213), '48 kB');
  assert.equal(size(12_480_113), '12.5 MB');
  assert.equal(size(5e13), '50,000 GB');
});

test('a name cannot turn the text around it, nor break the line', () => {
  assert.equal(clean('pay\u202emoc.live\u202c'), 'paymoc.live');
  assert.equal(clean(' a\r\nb\u0000c '), 'a b c');
  assert.equal(clean('می\u200cخواهم'), 'می\u200cخواهم');
});

test('who has no name is called by the address', () => {
  assert.equal(nameOf({ name: ' \u202e ', email: 'a@example.org' }), 'a@example.org');
  assert.equal(namesOf([{ name: 'A', email: 'a@x' }, { name: null, email: 'b@x' }]), 'A, b@x');
  assert.equal(namesOf(null), '');
});
