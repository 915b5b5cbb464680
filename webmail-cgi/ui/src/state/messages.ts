// webmail-cgi/ui/src/state/messages.ts -- the message list: rows by query position, loaded in windows as they come into view.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// At most two windows are asked for at a time, always those in view now: who drags the scroll bar
// through 50,000 messages loads the places where it rests, not all it passed. When the answers show
// that the query's state has changed, all windows are old: the rows stay on the screen until their
// window has been loaded again.
import { batch, createSignal, untrack } from 'solid-js';

import { asFailure, type Failure } from '../jmap/error';
import type { Window } from '../jmap/mail';
import type { EmailRow, Id } from '../jmap/types';
import { windowsOf } from '../kit/virtual';

export const WINDOW = 50;
const MOST_IN_FLIGHT = 2;
const MOST_KEPT = 60;  // windows; 3,000 rows
const MOST_OFTEN_MS = 2000;

export type LoadWindow = (position: number, limit: number) => Promise<Window>;

export class Messages {
  private readonly windows = new Map<number, EmailRow[]>();
  private readonly stale = new Set<number>();
  private readonly loading = new Set<number>();
  private wanted: number[] = [];
  private state: string | null = null;
  private closed = false;
  private outdatedAt = 0;

  private readonly totalSignal = createSignal<number | null>(null);
  private readonly versionSignal = createSignal(0);
  private readonly failureSignal = createSignal<Failure | null>(null);

  constructor(
    private readonly load: LoadWindow,
    private readonly notice: (failure: Failure) => void,
  ) {}

  // null until the first answer.
  total(): number | null {
    return this.totalSignal[0]();
  }
  failure(): Failure | null {
    return this.failureSignal[0]();
  }

  // null when not loaded (yet). Reactive: changes when a window arrives.
  row(position: number): EmailRow | null {
    this.versionSignal[0]();
    return this.windows.get(Math.floor(position / WINDOW))?.[position % WINDOW] ?? null;
  }

  // -1 when the message is in no loaded window.
  positionOf(id: Id): number {
    this.versionSignal[0]();
    for (const [at, rows] of this.windows) {
      const inside = rows.findIndex((row) => row.id === id);
      if (inside >= 0) return at * WINDOW + inside;
    }
    return -1;
  }

  // What is on the screen now.
  show(first: number, end: number): void {
    this.wanted = windowsOf(first, Math.max(end, first + 1), WINDOW);
    this.pump();
  }

  // Asks for the first window again: its state tells whether anything changed.
  refresh(): void {
    this.stale.add(0);
    if (!this.wanted.includes(0)) this.wanted = [0, ...this.wanted];
    this.pump(true);
  }

  retry(): void {
    this.pump(true);
  }

  close(): void {
    this.closed = true;
  }

  // After a failure nothing more is asked for until the user or the clock says so.
  private pump(again = false): void {
    if (this.closed || (untrack(() => this.failure()) && !again)) return;
    const total = untrack(() => this.total()) ?? Infinity;
    for (const at of this.wanted) {
      if (at > 0 && at * WINDOW >= total) continue;  // the list ends before it
      if (this.loading.size >= MOST_IN_FLIGHT) return;
      if (this.loading.has(at) || (this.windows.has(at) && !this.stale.has(at))) continue;
      void this.fetch(at);
    }
  }

  private async fetch(at: number): Promise<void> {
    this.loading.add(at);
    try {
      const answer = await this.load(at * WINDOW, WINDOW);
      if (!this.closed) this.accept(at, answer);
    } catch (reason) {
      if (this.closed) return;
      const failure = asFailure(reason);
      this.notice(failure);
      this.failureSignal[1](failure);
    } finally {
      this.loading.delete(at);
    }
    this.pump();
  }

  private accept(at: number, answer: Window): void {
    if (this.state !== null && answer.queryState !== this.state) this.outdate();
    this.state = answer.queryState;
    this.stale.delete(at);
    this.windows.delete(at);  // to the end of the map's order: the newest are kept
    this.windows.set(at, answer.rows);
    this.forget(answer.total);
    batch(() => {
      this.totalSignal[1](answer.total);
      this.versionSignal[1]((n) => n + 1);
      this.failureSignal[1](null);
    });
  }

  // A server whose state differs at each answer must not be asked in a circle: once in two seconds.
  private outdate(): void {
    const now = Date.now();
    if (now - this.outdatedAt < MOST_OFTEN_MS) return;
    this.outdatedAt = now;
    for (const known of this.windows.keys()) this.stale.add(known);
  }

  // Drops windows beyond the end of a list that became shorter, and the oldest of too many.
  private forget(total: number): void {
    for (const known of [...this.windows.keys()])
      if (known > 0 && known * WINDOW >= total) this.windows.delete(known);
    for (const known of [...this.windows.keys()]) {
      if (this.windows.size <= MOST_KEPT) break;
      if (!this.wanted.includes(known)) this.windows.delete(known);
    }
  }
}
