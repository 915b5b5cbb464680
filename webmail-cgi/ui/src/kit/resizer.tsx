// webmail-cgi/ui/src/kit/resizer.tsx -- the line between two panes: dragged, moved by arrow keys, its place remembered.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createSignal } from 'solid-js';

import { remember, remembered } from '../state/remembered';

const STEP = 16;

export interface Width {
  value: () => number;
  set: (width: number) => void;
  least: number;
  most: number;
}

export function createWidth(name: string, usual: number, least: number, most: number): Width {
  const clamp = (n: number) => Math.min(most, Math.max(least, Math.round(n)));
  const stored = Number(remembered(name));
  const [value, setValue] = createSignal(clamp(stored > 0 ? stored : usual));
  const set = (width: number): void => {
    remember(name, String(setValue(clamp(width))));
  };
  return { value, set, least, most };
}

export function Resizer(props: { width: Width; label: string; class: string }) {
  const direction = (element: Element) => (getComputedStyle(element).direction === 'rtl' ? -1 : 1);

  function drag(event: PointerEvent & { currentTarget: HTMLElement }): void {
    const handle = event.currentTarget;
    const start = props.width.value() - event.clientX * direction(handle);
    handle.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent): void =>
      props.width.set(start + moved.clientX * direction(handle));
    handle.addEventListener('pointermove', move);
    handle.addEventListener('lostpointercapture', () =>
      handle.removeEventListener('pointermove', move), { once: true });
    event.preventDefault();
    handle.focus();
  }

  function key(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (step === undefined) return;
    props.width.set(props.width.value() + step * direction(event.currentTarget));
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div
      class={`resizer ${props.class}`}
      role="separator"
      tabindex="0"
      aria-orientation="vertical"
      aria-label={props.label}
      aria-valuenow={props.width.value()}
      aria-valuemin={props.width.least}
      aria-valuemax={props.width.most}
      onPointerDown={drag}
      onKeyDown={key}
    />
  );
}
