// webmail-cgi/ui/src/state/route.ts -- the place the reader is at, kept in the address: #/folders, #/f/FOLDER, #/f/FOLDER/EMAIL.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createSignal } from 'solid-js';

import type { Id } from '../jmap/types';

// On a narrow page `pane` decides which pane is seen; on a wide one all are.
export interface Route {
  pane: 'folders' | 'list' | 'message';
  mailboxId: Id | null;
  emailId: Id | null;
  search: string;
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const parts = path.split('/').filter((part) => part !== '').map(decode);
  const search = new URLSearchParams(query).get('q') ?? '';
  if (parts[0] === 'f' && parts[1]) {
    const emailId = parts[2] ?? null;
    return { pane: emailId ? 'message' : 'list', mailboxId: parts[1], emailId, search };
  }
  const pane = parts[0] === 'folders' ? 'folders' : 'list';
  return { pane, mailboxId: null, emailId: null, search: '' };
}

export function routeHash(mailboxId: Id, emailId: Id | null, search: string): string {
  const ids = emailId ? [mailboxId, emailId] : [mailboxId];
  const query = search ? `?${new URLSearchParams({ q: search }).toString()}` : '';
  return `#/f/${ids.map(encodeURIComponent).join('/')}${query}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function createRoute(win: Window) {
  const [route, setRoute] = createSignal(parseRoute(win.location.hash));
  win.addEventListener('hashchange', () => setRoute(parseRoute(win.location.hash)));

  // `replace` for steps that the back button should not retrace (the next message, the default folder).
  function go(hash: string, how: 'push' | 'replace' = 'push'): void {
    if (win.location.hash === hash) return;
    if (how === 'push') win.history.pushState(null, '', hash);
    else win.history.replaceState(null, '', hash);
    setRoute(parseRoute(hash));
  }

  win.addEventListener('popstate', () => setRoute(parseRoute(win.location.hash)));
  return { route, go };
}

export type RouteState = ReturnType<typeof createRoute>;
