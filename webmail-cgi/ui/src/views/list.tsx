// webmail-cgi/ui/src/views/list.tsx -- the list pane: folder, search, rows, and what stands there when there are none.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createMemo, Match, Show, Switch } from 'solid-js';

import * as icons from '../kit/icons';
import { Empty, Failed, IconButton } from '../kit/pieces';
import { VirtualList } from '../kit/virtual_list';
import type { Desk } from '../state/desk';
import type { Messages } from '../state/messages';
import { words } from '../words/words';
import { hintOf } from './failure';
import { folderName } from './folders';
import { Row, rowId } from './row';
import './list.css';

const ROW_HEIGHT = 52;

export function List(props: { desk: Desk }) {
  return (
    <section class="list pane" aria-label={words().list.title}>
      <ListBar desk={props.desk} />
      <Search desk={props.desk} />
      <Switch>
        <Match when={props.desk.mailboxes.list() !== null && props.desk.mailbox() === null}>
          <Show
            when={props.desk.mailboxId() !== null}
            fallback={<Empty icon={<icons.Inbox />} title={words().list.empty} hint={words().folders.none} />}
          >
            <Failed title={words().wrong.list} hint={words().wrong.missingFolder} />
          </Show>
        </Match>
        <Match when={props.desk.messages()}>
          {(messages) => <Rows desk={props.desk} messages={messages()} />}
        </Match>
      </Switch>
    </section>
  );
}

function ListBar(props: { desk: Desk }) {
  const count = (): string => {
    const total = props.desk.messages()?.total() ?? null;
    if (total === null || total === 0) return '';
    return props.desk.search() ? words().list.found(total) : words().list.total(total);
  };
  return (
    <header class="bar">
      <IconButton class="to-folders" label={words().list.back} onClick={() => props.desk.go('#/folders')}>
        <icons.Back />
      </IconButton>
      <div class="list-title">
        <h2 dir="auto">
          {props.desk.mailbox() ? folderName(props.desk.mailbox()!) : '\u00a0'}
        </h2>
        <p class="list-count" role="status">{count()}</p>
      </div>
      <IconButton label={words().list.refresh} onClick={() => props.desk.refresh()}>
        <icons.Refresh />
      </IconButton>
    </header>
  );
}

function Search(props: { desk: Desk }) {
  let input!: HTMLInputElement;
  const clear = (): void => {
    input.value = '';
    if (props.desk.search()) props.desk.searchFor('');
  };
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        props.desk.searchFor(input.value);
      }}
    >
      <icons.Search size={16} />
      <input
        ref={input}
        type="search"
        enterkeyhint="search"
        dir="auto"
        aria-label={words().list.search}
        placeholder={words().list.search}
        value={props.desk.search()}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          clear();
          input.blur();
        }}
      />
      <Show when={props.desk.search()}>
        <IconButton label={words().list.clearSearch} onClick={clear}>
          <icons.Close size={16} />
        </IconButton>
      </Show>
    </form>
  );
}

function Rows(props: { desk: Desk; messages: Messages }) {
  // Until the first answer there is room for the rows of one screen, which appear as bones after 150 ms.
  const total = createMemo(() => props.messages.total() ?? 20);
  const hint = (): string => {
    const failure = props.messages.failure()!;
    const searching = props.desk.search() !== '' && failure.kind === 'unsupported';
    if (failure.kind === 'missing') return words().wrong.missingFolder;
    return searching ? words().wrong.searchUnsupported : hintOf(failure);
  };
  const again = { label: words().wrong.again, run: () => props.messages.retry() };
  const point = (): void => {
    if (props.desk.cursor() < 0) props.desk.point(0);
  };

  return (
    <Switch>
      <Match when={props.messages.failure() && props.messages.total() === null}>
        <Failed title={words().wrong.list} hint={hint()} action={again} />
      </Match>
      <Match when={props.messages.total() === 0}>
        <NoRows desk={props.desk} />
      </Match>
      <Match when={true}>
        <Show when={props.messages.failure()}>
          <p class="notice" role="alert">
            <icons.Alert size={16} />
            <span>{`${words().wrong.more}. ${hint()}`}</span>
            <button type="button" class="button" onClick={() => again.run()}>{again.label}</button>
          </p>
        </Show>
        <VirtualList
          total={total()}
          rowHeight={ROW_HEIGHT}
          label={words().list.title}
          cursor={props.desk.cursor()}
          rowId={rowId}
          onShow={(first, end) => props.messages.show(first, end)}
          onFocus={point}
          row={(position) => (
            <Row desk={props.desk} messages={props.messages} position={position} total={total()} />
          )}
        />
      </Match>
    </Switch>
  );
}

function NoRows(props: { desk: Desk }) {
  const said = () => {
    const list = words().list;
    if (props.desk.search()) return { title: list.emptySearch, hint: list.emptySearchHint };
    const isInbox = props.desk.mailbox()?.role === 'inbox';
    return { title: list.empty, hint: isInbox ? list.emptyInbox : list.emptyFolder };
  };
  return <Empty icon={<icons.Inbox />} title={said().title} hint={said().hint} />;
}
