// webmail-cgi/ui/src/views/login.tsx -- the login: address, password, and what to do when it fails.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createSignal, onMount, Show } from 'solid-js';

import { asFailure, type Failure } from '../jmap/error';
import { LanguageSelect } from '../kit/pieces';
import type { SessionState } from '../state/session';
import { words } from '../words/words';
import './login.css';

type Problem = 'empty' | Failure | null;

export function Login(props: { session: SessionState; ended: boolean }) {
  let username!: HTMLInputElement;
  let password!: HTMLInputElement;
  const [busy, setBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<Problem>(null);

  onMount(() => username.focus());

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (busy()) return;
    if (!username.value.trim() || !password.value) {
      setProblem('empty');
      (username.value.trim() ? password : username).focus();
      return;
    }
    setBusy(true);
    setProblem(null);
    try {
      await props.session.signIn(username.value.trim(), password.value);
    } catch (reason) {
      setBusy(false);
      setProblem(asFailure(reason));
      password.select();
      password.focus();
    }
  }

  const explanation = (): string => {
    const said = words().signIn;
    const now = problem();
    if (now === null) return props.ended ? said.ended : '';
    if (now === 'empty') return said.empty;
    if (now.kind === 'signed_out') return said.refused;
    if (now.kind === 'busy') return said.wait(now.retryAfter);
    return now.kind === 'offline' ? said.offline : said.failed;
  };

  return (
    <main class="alone">
      <form class="login" onSubmit={(event) => void submit(event)} novalidate>
        <p class="login-product">{words().product}</p>
        <h1>{words().signIn.title}</h1>
        <label class="field">
          <span>{words().signIn.username}</span>
          <input
            ref={username}
            name="username"
            type="email"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            dir="ltr"
            aria-describedby="login-problem"
          />
        </label>
        <label class="field">
          <span>{words().signIn.password}</span>
          <input
            ref={password}
            name="password"
            type="password"
            autocomplete="current-password"
            aria-describedby="login-problem"
          />
        </label>
        <p id="login-problem" class="login-problem" classList={{ calm: problem() === null }} role="alert">
          <Show when={explanation()}>{explanation()}</Show>
        </p>
        <button type="submit" class="button primary" aria-disabled={busy()}>
          {busy() ? words().signIn.busy : words().signIn.submit}
        </button>
        <LanguageSelect />
      </form>
    </main>
  );
}
