// webmail-cgi/ui/src/kit/pieces.tsx -- small pieces that several views share: icon buttons, empty and failed states.
// SPDX-License-Identifier: GPL-3.0-or-later
import { For, Show, type JSX } from 'solid-js';

import { catalogues, language, switchLanguage, words } from '../words/words';
import { Alert } from './icons';

// Only its icon is seen; the label is its name and its tooltip.
export function IconButton(props: {
  label: string;
  onClick: () => void;
  disabled?: boolean;
  class?: string;
  children: JSX.Element;
}) {
  return (
    <button
      type="button"
      class={`icon-button ${props.class ?? ''}`}
      aria-label={props.label}
      title={props.label}
      disabled={props.disabled}
      onClick={() => props.onClick()}
    >
      {props.children}
    </button>
  );
}

// Nothing to show: says so, and what to do next.
export function Empty(props: { icon: JSX.Element; title: string; hint: string }) {
  return (
    <div class="state">
      {props.icon}
      <p class="state-title">{props.title}</p>
      <p class="state-hint">{props.hint}</p>
    </div>
  );
}

// Something went wrong: what happened, what it means for the mail, and the way on.
export function Failed(props: {
  title: string;
  hint: string;
  action?: { label: string; run: () => void };
}) {
  return (
    <div class="state" role="alert">
      <Alert />
      <p class="state-title">{props.title}</p>
      <p class="state-hint">{props.hint}</p>
      <Show when={props.action}>
        {(action) => (
          <button type="button" class="button" onClick={() => action().run()}>
            {action().label}
          </button>
        )}
      </Show>
    </div>
  );
}

export function LanguageSelect() {
  return (
    <label class="language">
      <span>{words().menu.language}</span>
      <select onChange={(event) => switchLanguage(event.currentTarget.value)}>
        <For each={Object.entries(catalogues)}>
          {([tag, catalogue]) => (
            <option value={tag} lang={tag} selected={tag === language()}>
              {catalogue.language}
            </option>
          )}
        </For>
      </select>
    </label>
  );
}
