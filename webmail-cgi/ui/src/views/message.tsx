// webmail-cgi/ui/src/views/message.tsx -- the reading column: subject, people, attachments, body.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createEffect, For, Match, on, Show, Switch } from 'solid-js';

import type { BodyPart, Email, EmailAddress } from '../jmap/types';
import * as icons from '../kit/icons';
import { Empty, Failed, IconButton } from '../kit/pieces';
import { clean, nameOf } from '../kit/text';
import type { Desk } from '../state/desk';
import { formats, words } from '../words/words';
import { Body } from './body';
import { hintOf } from './failure';
import './message.css';

export function Message(props: {
  desk: Desk;
  onKey: (event: KeyboardEvent) => void;
  onBack: () => void;
}) {
  let column!: HTMLElement;
  const { reader } = props.desk;
  createEffect(on(reader.email, () => {
    column.scrollTop = 0;
  }));
  return (
    <section class="message pane" tabindex="-1" aria-label={words().message.title} ref={column}>
      <Show when={props.desk.openId() !== null}>
        <MessageBar desk={props.desk} onBack={props.onBack} />
      </Show>
      <Switch>
        <Match when={reader.failure()}>
          {(failure) => (
            <Failed
              title={words().wrong.message}
              hint={hintOf(failure())}
              action={
                failure().kind === 'missing'
                  ? { label: words().message.back, run: props.onBack }
                  : { label: words().wrong.again, run: () => void reader.open(reader.wanted()) }
              }
            />
          )}
        </Match>
        <Match when={props.desk.openId() === null}>
          <Show when={props.desk.messages()?.total()}>
            <Empty icon={<icons.MailOpen />} title={words().message.none} hint={words().message.noneHint} />
          </Show>
        </Match>
        <Match when={reader.email()} keyed>
          {(email) => <Letter desk={props.desk} email={email} onKey={props.onKey} />}
        </Match>
        <Match when={true}>
          <div class="letter" aria-busy="true">
            <span class="bone title" />
            <span class="bone" />
            <span class="bone" />
          </div>
        </Match>
      </Switch>
    </section>
  );
}

function MessageBar(props: { desk: Desk; onBack: () => void }) {
  const total = () => props.desk.messages()?.total() ?? 0;
  return (
    <header class="bar">
      <IconButton class="alone-only" label={words().message.back} onClick={props.onBack}>
        <icons.Back />
      </IconButton>
      <IconButton class="beside-only" label={words().message.close} onClick={props.onBack}>
        <icons.Close />
      </IconButton>
      <span class="bar-space" />
      <IconButton
        label={words().message.previous}
        disabled={props.desk.cursor() <= 0}
        onClick={() => props.desk.step(-1)}
      >
        <icons.Up />
      </IconButton>
      <IconButton
        label={words().message.next}
        disabled={props.desk.cursor() >= total() - 1}
        onClick={() => props.desk.step(1)}
      >
        <icons.Down />
      </IconButton>
      <Show when={props.desk.reader.email()}>
        {(email) => (
          <a
            class="icon-button"
            href={props.desk.client.downloadUrl(email().blobId, 'message.eml', 'message/rfc822')}
            download="message.eml"
            aria-label={words().message.source}
            title={words().message.source}
          >
            <icons.Download />
          </a>
        )}
      </Show>
    </header>
  );
}

function Letter(props: { desk: Desk; email: Email; onKey: (event: KeyboardEvent) => void }) {
  const when = () => new Date(props.email.sentAt ?? props.email.receivedAt);
  const subject = () => clean(props.email.subject ?? '');
  const attached = () => props.email.attachments.filter((part) => part.blobId !== null);
  return (
    <article class="letter" aria-labelledby="subject">
      <h2 id="subject" dir="auto" classList={{ none: subject() === '' }}>
        {subject() || words().list.noSubject}
      </h2>
      <dl class="people">
        <People label={words().message.from} list={senders(props.email)} main />
        <Show when={differs(props.email.replyTo, props.email.from)}>
          <People label={words().message.replyTo} list={props.email.replyTo} />
        </Show>
        <People label={words().message.to} list={props.email.to} />
        <People label={words().message.cc} list={props.email.cc} />
        <People label={words().message.bcc} list={props.email.bcc} />
      </dl>
      <time class="letter-date" datetime={when().toString() === 'Invalid Date' ? undefined : when().toISOString()}>
        {formats().fullDate(when())}
      </time>
      <Show when={attached().length > 0}>
        <Attachments desk={props.desk} parts={attached()} />
      </Show>
      <Body desk={props.desk} email={props.email} onKey={props.onKey} />
    </article>
  );
}

function differs(a: EmailAddress[] | null, b: EmailAddress[] | null): boolean {
  const emails = (list: EmailAddress[] | null) => (list ?? []).map(({ email }) => email).join();
  return (a ?? []).length > 0 && emails(a) !== emails(b);
}

function senders(email: Email): EmailAddress[] {
  const known = (email.from ?? []).filter((one) => nameOf(one) !== '');
  return known.length > 0 ? known : [{ name: words().list.noSender, email: '' }];
}

const SHOWN = 4;

// A long list of recipients opens on request; the details element does it without help.
function People(props: { label: string; list: EmailAddress[] | null; main?: boolean }) {
  const list = () => props.list ?? [];
  return (
    <Show when={list().length > 0}>
      <div classList={{ main: props.main === true }}>
        <dt>{props.label}</dt>
        <dd>
          <For each={list().slice(0, SHOWN)}>{(one) => <Person address={one} main={props.main === true} />}</For>
          <Show when={list().length > SHOWN}>
            <details>
              <summary>{words().message.more(list().length - SHOWN)}</summary>
              <For each={list().slice(SHOWN)}>{(one) => <Person address={one} main={false} />}</For>
            </details>
          </Show>
        </dd>
      </div>
    </Show>
  );
}

// The address is always shown beside the sender's name: a name can say anything.
function Person(props: { address: EmailAddress; main: boolean }) {
  const name = () => nameOf(props.address);
  const email = () => clean(props.address.email);
  return (
    <span class="person" title={email()}>
      <bdi class="person-name">{name()}</bdi>
      <Show when={props.main && email() !== '' && name() !== email()}>
        {' '}<bdi class="person-email">{email()}</bdi>
      </Show>
    </span>
  );
}

function Attachments(props: { desk: Desk; parts: BodyPart[] }) {
  const nameOfPart = (part: BodyPart) => clean(part.name ?? '') || words().message.unnamed;
  return (
    <section class="attachments" aria-label={words().message.attachments(props.parts.length)}>
      <h3>{words().message.attachments(props.parts.length)}</h3>
      <ul>
        <For each={props.parts}>
          {(part) => (
            <li>
              <a
                href={props.desk.client.downloadUrl(part.blobId!, nameOfPart(part), part.type)}
                download={nameOfPart(part)}
                title={`${words().message.download} ${nameOfPart(part)}`}
              >
                <icons.Paperclip size={16} />
                <span class="unseen">{words().message.download}</span>
                <span class="attachment-name" dir="auto">{nameOfPart(part)}</span>
                <span class="attachment-size">{formats().size(part.size)}</span>
              </a>
            </li>
          )}
        </For>
      </ul>
    </section>
  );
}
