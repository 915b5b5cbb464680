// webmail-cgi/ui/src/views/shell.tsx -- folders, list and message side by side; the keyboard.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createEffect, onCleanup, onMount } from 'solid-js';

import type { Client } from '../jmap/client';
import { createWidth, Resizer } from '../kit/resizer';
import { createDesk } from '../state/desk';
import { createRoute } from '../state/route';
import type { SessionState } from '../state/session';
import { words } from '../words/words';
import { folderName, Folders } from './folders';
import { Help } from './help';
import { List } from './list';
import { Message } from './message';
import './shell.css';

export function Shell(props: { session: SessionState; client: Client }) {
  let help!: HTMLDialogElement;
  let frame!: HTMLDivElement;
  const desk = createDesk(props.client, createRoute(window), props.session.notice);
  const foldersWidth = createWidth('folders', 224, 160, 400);
  const listWidth = createWidth('list', 392, 280, 720);

  const focus = (selector: string): void => frame.querySelector<HTMLElement>(selector)?.focus();
  const openWithFocus = (): void => {
    desk.openCursor();
    queueMicrotask(() => focus('.message'));
  };
  const back = (): void => {
    if (desk.openId() === null) return;
    desk.closeMessage();
    queueMicrotask(() => focus('.virtual'));
  };

  const keys: Record<string, () => void> = {
    'j': () => desk.step(1),
    'k': () => desk.step(-1),
    'Enter': openWithFocus,
    'o': openWithFocus,
    'u': back,
    'Escape': back,
    '/': () => focus('.search input'),
    'r': () => desk.refresh(),
    '?': () => help.showModal(),
  };

  function onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.isComposing || help.open) return;
    // An element of the page or of a mail's frame; the document itself has no closest().
    const target = (event.target as Node | null)?.nodeType === Node.ELEMENT_NODE ? (event.target as Element) : null;
    if (target?.closest('input, select, textarea, dialog, [popover]')) return;
    // Enter and the arrows belong to what has the focus, unless that is the list.
    const inList = Boolean(target?.closest('[role=listbox]'));
    if (event.key === 'Enter' && target?.closest('a, button, [role=separator]')) return;
    const arrow = inList ? { ArrowDown: 'j', ArrowUp: 'k' }[event.key] : undefined;
    const run = keys[arrow ?? event.key];
    if (!run) return;
    event.preventDefault();
    run();
  }

  onMount(() => {
    document.addEventListener('keydown', onKey);
    onCleanup(() => document.removeEventListener('keydown', onKey));
  });

  createEffect(() => {
    const mailbox = desk.mailbox();
    const unread = mailbox?.unreadEmails ? ` (${mailbox.unreadEmails})` : '';
    document.title = mailbox
      ? `${folderName(mailbox)}${unread} · ${words().product}`
      : words().product;
  });

  return (
    <div
      class="shell"
      ref={frame}
      data-pane={desk.route().pane}
      style={{ '--folders': `${foldersWidth.value()}px`, '--list': `${listWidth.value()}px` }}
    >
      <Folders desk={desk} session={props.session} onHelp={() => help.showModal()} />
      <main>
        <h1 class="unseen">{words().product}</h1>
        <Resizer width={foldersWidth} label={words().folders.resize} class="after-folders" />
        <List desk={desk} />
        <Resizer width={listWidth} label={words().list.resize} class="after-list" />
        <Message desk={desk} onKey={onKey} onBack={back} />
      </main>
      <Help ref={(dialog) => (help = dialog)} />
    </div>
  );
}
