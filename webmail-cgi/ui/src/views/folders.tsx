// webmail-cgi/ui/src/views/folders.tsx -- the folders pane: account, menu, folders with their unread counts.
// SPDX-License-Identifier: GPL-3.0-or-later
import { For, Match, Show, Switch } from 'solid-js';

import type { Mailbox } from '../jmap/types';
import * as icons from '../kit/icons';
import { Empty, Failed } from '../kit/pieces';
import { clean } from '../kit/text';
import type { Desk } from '../state/desk';
import type { Folder } from '../state/mailboxes';
import { routeHash } from '../state/route';
import type { SessionState } from '../state/session';
import { formats, words } from '../words/words';
import { hintOf } from './failure';
import { Menu } from './menu';
import './folders.css';

const ICONS: Record<string, (props: { size?: 16 | 20 }) => unknown> = {
  inbox: icons.Inbox,
  drafts: icons.Drafts,
  sent: icons.Sent,
  archive: icons.Archive,
  junk: icons.Junk,
  trash: icons.Trash,
};

// Folders with a role carry the reader's own word for it; all others their name.
export function folderName(mailbox: Mailbox): string {
  const named = words().folders as unknown as Record<string, string>;
  const role = mailbox.role ?? '';
  return (role in ICONS ? named[role] : undefined) ?? clean(mailbox.name);
}

export function Folders(props: { desk: Desk; session: SessionState; onHelp: () => void }) {
  const { mailboxes } = props.desk;
  return (
    <nav class="folders pane" aria-label={words().folders.title}>
      <header class="bar">
        <span class="account" dir="auto" title={props.desk.client.session.username}>
          {props.desk.client.session.username}
        </span>
        <Menu session={props.session} onHelp={props.onHelp} />
      </header>
      <Switch>
        <Match when={mailboxes.failure()}>
          {(failure) => (
            <Failed
              title={words().wrong.folders}
              hint={hintOf(failure())}
              action={{ label: words().wrong.again, run: () => props.desk.refresh() }}
            />
          )}
        </Match>
        <Match when={mailboxes.list() === null}>
          <div class="folders-list" aria-hidden="true">
            <For each={[60, 45, 40, 55, 35]}>{(width) => <Bone width={width} />}</For>
          </div>
        </Match>
        <Match when={mailboxes.folders().length === 0}>
          <Empty icon={<icons.Folder />} title={words().folders.title} hint={words().folders.none} />
        </Match>
        <Match when={true}>
          <ul class="folders-list">
            <For each={mailboxes.folders()}>{(folder) => <Entry desk={props.desk} folder={folder} />}</For>
          </ul>
        </Match>
      </Switch>
    </nav>
  );
}

function Bone(props: { width: number }) {
  return (
    <div class="folder">
      <span class="bone" style={{ width: `${props.width}%` }} />
    </div>
  );
}

function Entry(props: { desk: Desk; folder: Folder }) {
  const mailbox = () => props.folder.mailbox;
  const here = () => mailbox().id === props.desk.mailboxId();
  const hash = () => routeHash(mailbox().id, null, '');
  // Drafts are all unfinished: there the whole count is of interest.
  const count = () => (mailbox().role === 'drafts' ? mailbox().totalEmails : mailbox().unreadEmails);
  const counted = () =>
    mailbox().role === 'drafts' ? words().folders.total(count()) : words().folders.unread(count());

  function choose(event: MouseEvent): void {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (here() && !props.desk.search()) props.desk.refresh();
    props.desk.go(hash());
  }

  return (
    <li>
      <a
        class="folder"
        href={hash()}
        title={words().folders.total(mailbox().totalEmails)}
        aria-current={here() ? 'page' : undefined}
        classList={{ unread: count() > 0 }}
        style={{ 'padding-inline-start': `${12 + props.folder.depth * 16}px` }}
        onClick={choose}
      >
        <Icon role={mailbox().role} />
        <span class="folder-name" dir="auto">{folderName(mailbox())}</span>
        <Show when={count() > 0}>
          <span class="folder-count" aria-hidden="true">{formats().number(count())}</span>
          <span class="unseen">{counted()}</span>
        </Show>
      </a>
    </li>
  );
}

function Icon(props: { role: string | null }) {
  return <>{(ICONS[props.role ?? ''] ?? icons.Folder)({ size: 16 })}</>;
}
