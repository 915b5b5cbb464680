// webmail-cgi/ui/src/views/row.tsx -- one message in the list: who, when, what about.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createMemo, Show } from 'solid-js';

import type { EmailRow } from '../jmap/types';
import { Paperclip, Reply, Star } from '../kit/icons';
import { clean, namesOf } from '../kit/text';
import type { Desk } from '../state/desk';
import type { Messages } from '../state/messages';
import { formats, words } from '../words/words';

export const rowId = (position: number): string => `row-${position}`;

export function Row(props: { desk: Desk; messages: Messages; position: number; total: number }) {
  const row = createMemo(() => props.messages.row(props.position));
  const isOpen = () => row() !== null && row()!.id === props.desk.openId();
  const unread = () => row() !== null && !row()!.keywords['$seen'];
  return (
    <div
      id={rowId(props.position)}
      class="row"
      classList={{ unread: unread(), cursor: props.position === props.desk.cursor() }}
      role="option"
      aria-selected={isOpen()}
      aria-posinset={props.position + 1}
      aria-setsize={props.total}
      aria-busy={row() === null ? true : undefined}
      onClick={() => row() && props.desk.open(props.position)}
    >
      <Show when={row()} fallback={<Bones position={props.position} />}>
        {(loaded) => <Content desk={props.desk} row={loaded()} />}
      </Show>
    </div>
  );
}

// Grey places for the words to come; widths differ so that they look like text, not like a table.
function Bones(props: { position: number }) {
  return (
    <>
      <span class="bone" style={{ width: `${30 + ((props.position * 7) % 5) * 6}%` }} />
      <span class="bone" style={{ width: `${55 + ((props.position * 3) % 4) * 9}%` }} />
    </>
  );
}

function Content(props: { desk: Desk; row: EmailRow }) {
  const outgoing = () => ['sent', 'drafts'].includes(props.desk.mailbox()?.role ?? '');
  const people = () => {
    const list = words().list;
    if (outgoing()) return list.to(namesOf(props.row.to) || list.noRecipient);
    return namesOf(props.row.from) || list.noSender;
  };
  const subject = () => clean(props.row.subject ?? '');
  const has = (keyword: string) => props.row.keywords[keyword] === true;
  const when = () => new Date(props.row.receivedAt);

  return (
    <>
      <div class="row-line">
        <Show when={!has('$seen')}>
          <span class="dot" aria-hidden="true" />
          <span class="unseen">{words().list.unread}</span>
        </Show>
        <span class="row-people" dir="auto">{people()}</span>
        <Show when={has('$answered')}><Mark name={words().list.answered}><Reply size={16} /></Mark></Show>
        <Show when={props.row.hasAttachment}>
          <Mark name={words().list.attachment}><Paperclip size={16} /></Mark>
        </Show>
        <Show when={has('$flagged')}>
          <Mark name={words().list.flagged} class="flag"><Star size={16} /></Mark>
        </Show>
        <time class="row-date" datetime={props.row.receivedAt} title={formats().fullDate(when())}>
          {formats().listDate(when(), new Date())}
        </time>
      </div>
      <div class="row-line">
        <span class="row-subject" classList={{ none: subject() === '' }} dir="auto">
          {subject() || words().list.noSubject}
        </span>
        <span class="row-preview" dir="auto">{clean(props.row.preview)}</span>
      </div>
    </>
  );
}

function Mark(props: { name: string; class?: string; children: unknown }) {
  return (
    <span class={`mark ${props.class ?? ''}`} title={props.name}>
      {props.children as never}
      <span class="unseen">{props.name}</span>
    </span>
  );
}
