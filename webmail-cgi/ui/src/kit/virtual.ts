// webmail-cgi/ui/src/kit/virtual.ts -- arithmetic of a list of equal rows: which are seen, where they stand, what to load.
// SPDX-License-Identifier: GPL-3.0-or-later

// Browsers stop drawing boxes higher than some 17 million pixels; a longer list scrolls proportionally.
export const TALLEST = 12_000_000;

const OVERSCAN = 6;

export interface View {
  first: number;   // first row to draw
  end: number;     // one past the last
  shift: number;   // pixels to add to `row * rowHeight` for its place in the box
  height: number;  // of the box
  visibleFirst: number;
  visibleEnd: number;
}

export function viewOf(total: number, rowHeight: number, port: number, scrollTop: number): View {
  const full = total * rowHeight;
  const height = Math.min(full, TALLEST);
  const scrollable = Math.max(0, height - port);
  const top = Math.min(Math.max(0, scrollTop), scrollable);
  const virtualTop = scrollable > 0 ? top * ((full - port) / scrollable) : 0;
  const visibleFirst = Math.min(total, Math.floor(virtualTop / rowHeight));
  const visibleEnd = Math.min(total, Math.ceil((virtualTop + port) / rowHeight));
  return {
    first: Math.max(0, visibleFirst - OVERSCAN),
    end: Math.min(total, visibleEnd + OVERSCAN),
    shift: top - virtualTop,
    height,
    visibleFirst,
    visibleEnd,
  };
}

// The scrollTop that shows `row` whole, moving as little as possible.
export function scrollTo(
  row: number,
  total: number,
  rowHeight: number,
  port: number,
  scrollTop: number,
): number {
  const full = total * rowHeight;
  const scrollable = Math.max(0, Math.min(full, TALLEST) - port);
  if (scrollable === 0) return 0;
  const ratio = (full - port) / scrollable;
  const virtualTop = Math.min(Math.max(0, scrollTop), scrollable) * ratio;
  const rowTop = row * rowHeight;
  let wanted = virtualTop;
  if (rowTop < virtualTop) wanted = rowTop;
  else if (rowTop + rowHeight > virtualTop + port) wanted = rowTop + rowHeight - port;
  return Math.min(scrollable, Math.max(0, wanted / ratio));
}

// The windows of `size` rows that cover [first, end).
export function windowsOf(first: number, end: number, size: number): number[] {
  const result: number[] = [];
  for (let at = Math.floor(first / size); at * size < end; at++) result.push(at);
  return result;
}
