// webmail-cgi/ui/src/views/help.tsx -- the overview of the keyboard.
// SPDX-License-Identifier: GPL-3.0-or-later
import { For } from 'solid-js';

import { Close } from '../kit/icons';
import { IconButton } from '../kit/pieces';
import { words } from '../words/words';
import './help.css';

type HelpWord = Exclude<keyof ReturnType<typeof words>['help'], 'title' | 'close' | 'or'>;

const KEYS: [HelpWord, string[]][] = [
  ['next', ['j']],
  ['previous', ['k']],
  ['open', ['Enter', 'o']],
  ['back', ['u', 'Esc']],
  ['search', ['/']],
  ['refresh', ['r']],
  ['help', ['?']],
];

export function Help(props: { ref: (dialog: HTMLDialogElement) => void }) {
  let dialog!: HTMLDialogElement;
  const take = (element: HTMLDialogElement): void => {
    dialog = element;
    props.ref(element);
  };
  // A click beside the content falls on the dialog itself: it closes.
  return (
    <dialog
      ref={take}
      class="help"
      aria-labelledby="help-title"
      onClick={(event) => event.target === dialog && dialog.close()}
    >
      <div class="help-content">
        <header>
          <h2 id="help-title">{words().help.title}</h2>
          <IconButton label={words().help.close} onClick={() => dialog.close()}>
            <Close />
          </IconButton>
        </header>
        <dl>
          <For each={KEYS}>
            {([name, keys]) => (
              <div>
                <dt>{words().help[name]}</dt>
                <dd>
                  <For each={keys}>
                    {(key, at) => (
                      <>
                        {at() > 0 ? ` ${words().help.or} ` : ''}
                        <kbd>{key}</kbd>
                      </>
                    )}
                  </For>
                </dd>
              </div>
            )}
          </For>
        </dl>
      </div>
    </dialog>
  );
}
