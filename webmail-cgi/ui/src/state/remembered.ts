// webmail-cgi/ui/src/state/remembered.ts -- small choices kept in this browser: language, widths. Never mail.
// SPDX-License-Identifier: GPL-3.0-or-later

// A browser may forbid storage; the page then forgets, and works.
export function remembered(name: string): string | null {
  try {
    return globalThis.localStorage?.getItem(`posthouse.${name}`) ?? null;
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    globalThis.localStorage?.setItem(`posthouse.${name}`, value);
  } catch {
    // Nothing is lost but the choice.
  }
}
