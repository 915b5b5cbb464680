// webmail-cgi/ui/src/state/reader.ts -- the opened message: loaded, kept for a while, its neighbour fetched ahead.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createSignal } from 'solid-js';

import type { Client } from '../jmap/client';
import { asFailure, type Failure } from '../jmap/error';
import { getEmail } from '../jmap/mail';
import type { Email, Id } from '../jmap/types';

const MOST_KEPT = 30;

export function createReader(client: Client, notice: (failure: Failure) => void) {
  const [email, setEmail] = createSignal<Email | null>(null);
  const [failure, setFailure] = createSignal<Failure | null>(null);
  const [wanted, setWanted] = createSignal<Id | null>(null);
  const kept = new Map<Id, Promise<Email>>();

  function obtain(id: Id): Promise<Email> {
    const known = kept.get(id);
    if (known) return known;
    const made = getEmail(client, id);
    kept.set(id, made);
    made.catch(() => kept.delete(id));
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST_KEPT) break;
      kept.delete(oldest);
    }
    return made;
  }

  async function open(id: Id | null): Promise<void> {
    setWanted(id);
    setFailure(null);
    if (id === null) {
      setEmail(null);
      return;
    }
    try {
      const found = await obtain(id);
      if (wanted() === id) setEmail(found);
    } catch (reason) {
      const failed = asFailure(reason);
      notice(failed);
      if (wanted() !== id) return;
      setEmail(null);
      setFailure(failed);
    }
  }

  // Quietly: what fails here is asked for again, and reported, when it is opened.
  function fetchAhead(id: Id): void {
    obtain(id).catch(() => undefined);
  }

  // The message to draw; the former one stays on the screen until the next has come.
  return { email, failure, wanted, open, fetchAhead };
}

export type ReaderState = ReturnType<typeof createReader>;
