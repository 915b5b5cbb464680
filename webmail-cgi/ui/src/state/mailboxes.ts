// webmail-cgi/ui/src/state/mailboxes.ts -- the folders: loaded, put in order, found by id or role.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createMemo, createSignal } from 'solid-js';

import type { Client } from '../jmap/client';
import { asFailure, type Failure } from '../jmap/error';
import { getMailboxes } from '../jmap/mail';
import type { Id, Mailbox } from '../jmap/types';

export interface Folder {
  mailbox: Mailbox;
  depth: number;
}

const ROLE_ORDER = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash'];

// Parents before their children; on one level: roles in their usual order, then sortOrder, then name.
export function inTreeOrder(list: Mailbox[], collator: Intl.Collator): Folder[] {
  const known = new Set(list.map((mailbox) => mailbox.id));
  const children = new Map<Id | null, Mailbox[]>();
  for (const mailbox of list) {
    const parent = mailbox.parentId !== null && known.has(mailbox.parentId) ? mailbox.parentId : null;
    children.set(parent, [...(children.get(parent) ?? []), mailbox]);
  }
  const rank = ({ role }: Mailbox) => {
    const at = ROLE_ORDER.indexOf(role ?? '');
    return at < 0 ? ROLE_ORDER.length : at;
  };
  const order = (a: Mailbox, b: Mailbox) =>
    rank(a) - rank(b) || a.sortOrder - b.sortOrder || collator.compare(a.name, b.name);

  const result: Folder[] = [];
  const visit = (parent: Id | null, depth: number): void => {
    const level = children.get(parent) ?? [];
    children.delete(parent);  // a parent that is its own descendant must not loop
    for (const mailbox of level.sort(order)) {
      result.push({ mailbox, depth });
      visit(mailbox.id, depth + 1);
    }
  };
  visit(null, 0);
  return result;
}

export function createMailboxes(client: Client, notice: (failure: Failure) => void) {
  const [list, setList] = createSignal<Mailbox[] | null>(null);
  const [failure, setFailure] = createSignal<Failure | null>(null);
  const collator = new Intl.Collator(undefined, { numeric: true });
  const folders = createMemo(() => inTreeOrder(list() ?? [], collator));

  async function load(): Promise<void> {
    try {
      setList(await getMailboxes(client));
      setFailure(null);
    } catch (reason) {
      const failed = asFailure(reason);
      notice(failed);
      // Folders on the screen stay usable when only their refresh failed.
      if (list() === null) setFailure(failed);
    }
  }

  const find = (id: Id | null): Mailbox | null => list()?.find((one) => one.id === id) ?? null;
  const first = (): Mailbox | null =>
    list()?.find((one) => one.role === 'inbox') ?? folders()[0]?.mailbox ?? null;

  return { list, folders, failure, load, find, first };
}

export type MailboxesState = ReturnType<typeof createMailboxes>;
