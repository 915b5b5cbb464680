// webmail-cgi/ui/src/views/app.tsx -- the page as a whole: starting, login, mail, or why none of them.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createEffect, Match, onMount, Switch } from 'solid-js';

import { Failed } from '../kit/pieces';
import type { SessionState, Status } from '../state/session';
import { language, words } from '../words/words';
import { hintOf } from './failure';
import { Login } from './login';
import { Shell } from './shell';

type As<K extends Status['is']> = Extract<Status, { is: K }>;

export function App(props: { session: SessionState }) {
  const as = <K extends Status['is']>(kind: K): As<K> | null => {
    const status = props.session.status();
    return status.is === kind ? (status as As<K>) : null;
  };

  onMount(() => void props.session.start());
  createEffect(() => {
    document.documentElement.lang = language();
    if (!as('signed_in')) document.title = words().product;
  });

  return (
    <Switch>
      <Match when={as('starting')}>
        <main class="alone" aria-busy="true" aria-label={words().product}>
          <span class="waiting" />
        </main>
      </Match>
      <Match when={as('signed_out')}>
        {(status) => <Login session={props.session} ended={status().ended} />}
      </Match>
      <Match when={as('unreachable')}>
        {(status) => (
          <main class="alone">
            <h1 class="unseen">{words().product}</h1>
            <Failed
              title={words().wrong.start}
              hint={hintOf(status().failure)}
              action={{ label: words().wrong.again, run: () => void props.session.start() }}
            />
          </main>
        )}
      </Match>
      <Match when={as('signed_in')}>
        {(status) => <Shell session={props.session} client={status().client} />}
      </Match>
    </Switch>
  );
}
