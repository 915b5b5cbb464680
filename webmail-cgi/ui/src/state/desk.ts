// webmail-cgi/ui/src/state/desk.ts -- what a signed-in reader has before them: folders, list, cursor, opened message.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createEffect, createMemo, createSignal, on, onCleanup, untrack } from 'solid-js';

import type { Client } from '../jmap/client';
import type { Failure } from '../jmap/error';
import { queryWindow } from '../jmap/mail';
import type { Filter, Id } from '../jmap/types';
import { createMailboxes } from './mailboxes';
import { Messages } from './messages';
import { createReader } from './reader';
import { routeHash, type RouteState } from './route';

const LOOK_AGAIN_MS = 30_000;

export function createDesk(
  client: Client,
  { route, go }: RouteState,
  notice: (failure: Failure) => void,
) {
  const mailboxes = createMailboxes(client, notice);
  const reader = createReader(client, notice);
  const mailboxId = createMemo(() => route().mailboxId ?? mailboxes.first()?.id ?? null);
  const mailbox = createMemo(() => mailboxes.find(mailboxId()));
  const search = createMemo(() => route().search);
  const openId = createMemo(() => route().emailId);

  const messages = createMemo(() => {
    const id = mailboxId();
    if (id === null) return null;
    const filter: Filter = search() ? { inMailbox: id, text: search() } : { inMailbox: id };
    const made = new Messages((at, limit) => queryWindow(client, filter, at, limit), notice);
    onCleanup(() => made.close());
    return made;
  });

  // The cursor is a position, and holds on to its message when mail arrives above it.
  const [cursor, setCursor] = createSignal(-1);
  const [awaited, setAwaited] = createSignal(false);
  let held: Id | null = null;
  createEffect(on(messages, () => {
    held = untrack(openId);
    setCursor(-1);
  }));
  createEffect(() => {
    if (held === null) held = openId();
    const at = held === null ? -1 : (messages()?.positionOf(held) ?? -1);
    if (at >= 0) setCursor(at);
  });

  function point(position: number): void {
    held = messages()?.row(position)?.id ?? null;
    setCursor(position);
  }

  function openAt(position: number, how: 'push' | 'replace'): void {
    point(position);
    const id = mailboxId();
    setAwaited(held === null);
    if (id !== null && held !== null) go(routeHash(id, held, search()), how);
  }

  // A step beyond the loaded rows opens its message when the row has come.
  createEffect(() => {
    if (awaited() && messages()?.row(cursor())) untrack(() => openAt(cursor(), 'replace'));
  });

  // To the next or previous message; one that is open makes way for it.
  function step(by: 1 | -1): void {
    const total = messages()?.total() ?? 0;
    const to = Math.min(total - 1, Math.max(0, cursor() + by));
    if (to < 0 || to === cursor()) return;
    if (openId() !== null) openAt(to, 'replace');
    else point(to);
  }

  const open = (position: number): void =>
    openAt(position, openId() === null ? 'push' : 'replace');
  const openCursor = (): void => {
    if (cursor() >= 0) open(cursor());
  };

  function closeMessage(): void {
    setAwaited(false);
    const id = mailboxId();
    if (id !== null) go(routeHash(id, null, search()), 'push');
  }

  function searchFor(text: string): void {
    const id = mailboxId();
    if (id !== null) go(routeHash(id, null, text.trim()), 'push');
  }

  function refresh(): void {
    void mailboxes.load();
    messages()?.refresh();
  }

  createEffect(on(openId, (id) => void reader.open(id)));
  // What is read next is most likely the message below.
  createEffect(on(reader.email, (email) => {
    const below = email && cursor() >= 0 ? messages()?.row(cursor() + 1) : null;
    if (below) reader.fetchAhead(below.id);
  }));

  void mailboxes.load();
  const look = (): void => {
    if (document.visibilityState === 'visible') refresh();
  };
  const timer = setInterval(look, LOOK_AGAIN_MS);
  document.addEventListener('visibilitychange', look);
  onCleanup(() => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', look);
  });

  return {
    client, route, go, mailboxes, mailboxId, mailbox, search, openId, messages, reader, cursor,
    point, open, openCursor, step, closeMessage, searchFor, refresh,
  };
}

export type Desk = ReturnType<typeof createDesk>;
