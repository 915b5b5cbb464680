// webmail-cgi/ui/src/kit/virtual_list.tsx -- a listbox of any number of equal rows, of which only those in view are elements.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createEffect, createMemo, createSignal, For, on, onCleanup, onMount, type JSX } from 'solid-js';

import { scrollTo, viewOf } from './virtual';

export function VirtualList(props: {
  total: number;
  rowHeight: number;
  label: string;
  cursor: number;  // -1: none; always scrolled into view when it changes
  rowId: (position: number) => string;
  row: (position: number) => JSX.Element;
  onShow: (first: number, end: number) => void;
  onFocus: () => void;
  ref?: (element: HTMLElement) => void;
}) {
  let box!: HTMLDivElement;
  const [port, setPort] = createSignal(0);
  const [top, setTop] = createSignal(0);
  const view = createMemo(() => viewOf(props.total, props.rowHeight, port(), top()));
  const positions = createMemo(() => {
    const { first, end } = view();
    return Array.from({ length: end - first }, (_, i) => first + i);
  });

  onMount(() => {
    const measure = new ResizeObserver(() => setPort(box.clientHeight));
    measure.observe(box);
    onCleanup(() => measure.disconnect());
    props.ref?.(box);
  });

  createEffect(() => {
    const { visibleFirst, visibleEnd } = view();
    if (port() > 0) props.onShow(visibleFirst, visibleEnd);
  });

  const reveal = (): void => {
    if (props.cursor < 0 || port() === 0) return;
    box.scrollTop = scrollTo(props.cursor, props.total, props.rowHeight, port(), box.scrollTop);
  };
  createEffect(on([() => props.cursor, port], reveal));

  return (
    <div
      class="virtual"
      role="listbox"
      tabindex="0"
      aria-label={props.label}
      aria-activedescendant={props.cursor >= 0 ? props.rowId(props.cursor) : undefined}
      ref={box}
      onScroll={() => setTop(box.scrollTop)}
      onFocus={() => props.onFocus()}
    >
      <div
        class="virtual-box"
        role="presentation"
        style={{ height: `${view().height}px` }}
      >
        <div
          class="virtual-rows"
          role="presentation"
          style={{ transform: `translateY(${view().first * props.rowHeight + view().shift}px)` }}
        >
          <For each={positions()}>{(position) => props.row(position)}</For>
        </div>
      </div>
    </div>
  );
}
