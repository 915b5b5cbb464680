// webmail-cgi/ui/src/views/menu.tsx -- the small menu: language, keyboard shortcuts, sign out.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createSignal, Show } from 'solid-js';

import { Keyboard, Menu as MenuIcon, SignOut } from '../kit/icons';
import { LanguageSelect } from '../kit/pieces';
import type { SessionState } from '../state/session';
import { words } from '../words/words';

export function Menu(props: { session: SessionState; onHelp: () => void }) {
  let button!: HTMLButtonElement;
  let panel!: HTMLDivElement;
  const [failed, setFailed] = createSignal(false);

  // The browser closes it (Escape, a click elsewhere); its place is below the button.
  function place(): void {
    const { bottom, left, right } = button.getBoundingClientRect();
    const width = Math.min(260, innerWidth - 16);
    const start = getComputedStyle(button).direction === 'rtl' ? right - width : left;
    panel.style.top = `${bottom + 4}px`;
    panel.style.left = `${Math.max(8, Math.min(start, innerWidth - width - 8))}px`;
    setFailed(false);
  }

  async function leave(): Promise<void> {
    try {
      await props.session.signOut();
    } catch {
      setFailed(true);
    }
  }

  return (
    <>
      <button
        ref={button}
        type="button"
        class="icon-button"
        aria-label={words().menu.open}
        title={words().menu.open}
        popovertarget="menu"
        onClick={place}
      >
        <MenuIcon />
      </button>
      <div id="menu" class="menu" popover="auto" ref={panel}>
        <LanguageSelect />
        <button
          type="button"
          class="menu-item"
          onClick={() => {
            panel.hidePopover();
            props.onHelp();
          }}
        >
          <Keyboard size={16} />
          {words().menu.keyboard}
        </button>
        <button type="button" class="menu-item" onClick={() => void leave()}>
          <SignOut size={16} />
          {words().menu.signOut}
        </button>
        <Show when={failed()}>
          <p class="menu-problem" role="alert">{words().menu.signOutFailed}</p>
        </Show>
      </div>
    </>
  );
}
