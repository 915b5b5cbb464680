// webmail-cgi/ui/src/words/words.ts -- the language in use: its catalogue, and dates, sizes and numbers as it writes them.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createMemo, createRoot, createSignal } from 'solid-js';

import { remember, remembered } from '../state/remembered';
import { en, type Catalogue } from './en';
import { zhCn } from './zh_cn';

export const catalogues: Record<string, Catalogue> = { 'en': en, 'zh-CN': zhCn };

// The user's choice, else the first of the browser's languages that we speak. Traditional Chinese
// readers are better served by simplified Chinese than by English.
export function chooseLanguage(chosen: string | null, preferred: readonly string[]): string {
  if (chosen !== null && Object.hasOwn(catalogues, chosen)) return chosen;
  for (const tag of preferred) {
    if (/^zh\b/i.test(tag)) return 'zh-CN';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}

// The locale of dates and numbers: the user's own region when it is of the language shown.
function regionOf(language: string, preferred: readonly string[]): string {
  const base = language.split('-')[0] as string;
  return preferred.find((tag) => tag === base || tag.startsWith(`${base}-`)) ?? language;
}

const browserLanguages = (): readonly string[] => globalThis.navigator?.languages ?? ['en'];

const store = createRoot(() => {
  const [language, setLanguage] = createSignal(
    chooseLanguage(remembered('language'), browserLanguages()),
  );
  const words = createMemo(() => catalogues[language()] as Catalogue);
  const formats = createMemo(() => makeFormats(regionOf(language(), browserLanguages())));
  return { language, setLanguage, words, formats };
});

export const language = store.language;
export const words = store.words;
export const formats = store.formats;

export function switchLanguage(tag: string): void {
  remember('language', tag);
  store.setLanguage(chooseLanguage(tag, []));
}

export interface Formats {
  listDate(date: Date, now: Date): string;
  fullDate(date: Date): string;
  size(bytes: number): string;
  number(n: number): string;
}

export function makeFormats(locale: string): Formats {
  const date = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options);
  const time = date({ hour: 'numeric', minute: '2-digit' });
  const day = date({ month: 'short', day: 'numeric' });
  const dayAndYear = date({ year: 'numeric', month: 'short', day: 'numeric' });
  const full = date({ dateStyle: 'full', timeStyle: 'short' });
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'].map(
    (unit, i) =>
      new Intl.NumberFormat(locale, {
        style: 'unit',
        unit,
        unitDisplay: i === 0 ? 'long' : 'short',
        maximumFractionDigits: i < 2 ? 0 : 1,
      }),
  );
  const plain = new Intl.NumberFormat(locale);
  return {
    listDate(when, now) {
      if (Number.isNaN(when.getTime())) return '';
      if (when.toDateString() === now.toDateString()) return time.format(when);
      return when.getFullYear() === now.getFullYear() ? day.format(when) : dayAndYear.format(when);
    },
    fullDate: (when) => (Number.isNaN(when.getTime()) ? '' : full.format(when)),
    size(bytes) {
      let value = bytes;
      let unit = 0;
      while (value >= 1000 && unit < units.length - 1) {
        value /= 1000;
        unit += 1;
      }
      return (units[unit] as Intl.NumberFormat).format(value);
    },
    number: (n) => plain.format(n),
  };
}
