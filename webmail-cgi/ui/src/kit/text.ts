// webmail-cgi/ui/src/kit/text.ts -- names of people and subjects as a list shows them.
// SPDX-License-Identifier: GPL-3.0-or-later
import type { EmailAddress } from '../jmap/types';

// Characters that turn, hide or overlay the text around them have no place in a sender's name: they
// can make "moc.live" read "evil.com" (UTS 55). Control characters and line breaks become spaces.
const TRICKS = /[\u200b\u202a-\u202e\u2060-\u2069\ufeff]/g;
const SPACES = /[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

export function clean(text: string): string {
  return text.replace(TRICKS, '').replace(SPACES, ' ').trim();
}

export function nameOf(address: EmailAddress): string {
  return clean(address.name ?? '') || clean(address.email);
}

export function namesOf(addresses: EmailAddress[] | null): string {
  return (addresses ?? []).map(nameOf).filter((name) => name !== '').join(', ');
}
