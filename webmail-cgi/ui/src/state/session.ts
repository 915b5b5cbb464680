// webmail-cgi/ui/src/state/session.ts -- who is signed in: start, sign in, sign out, and what each failure means.
// SPDX-License-Identifier: GPL-3.0-or-later
import { createSignal } from 'solid-js';

import { Client } from '../jmap/client';
import { asFailure, type Failure } from '../jmap/error';
import { exchange, type Fetch } from '../jmap/http';

export type Status =
  | { is: 'starting' }
  | { is: 'signed_out'; ended: boolean }
  | { is: 'signed_in'; client: Client }
  | { is: 'unreachable'; failure: Failure };

export function createSession(fetcher: Fetch, origin: string) {
  const [status, setStatus] = createSignal<Status>({ is: 'starting' });

  async function start(): Promise<void> {
    setStatus({ is: 'starting' });
    try {
      setStatus({ is: 'signed_in', client: await Client.open(fetcher, origin) });
    } catch (reason) {
      const failure = asFailure(reason);
      if (failure.kind === 'signed_out') setStatus({ is: 'signed_out', ended: false });
      else setStatus({ is: 'unreachable', failure });
    }
  }

  // Throws a Failure when it did not succeed; the status stays as it was.
  async function signIn(username: string, password: string): Promise<void> {
    await exchange(fetcher, '/api/login', { username, password });
    setStatus({ is: 'signed_in', client: await Client.open(fetcher, origin) });
  }

  async function signOut(): Promise<void> {
    await exchange(fetcher, '/api/logout', {});
    setStatus({ is: 'signed_out', ended: false });
  }

  // Every failure of a request passes here: the end of a session leads back to the login.
  function notice(failure: Failure): void {
    if (failure.kind === 'signed_out' && status().is === 'signed_in')
      setStatus({ is: 'signed_out', ended: true });
  }

  return { status, start, signIn, signOut, notice };
}

export type SessionState = ReturnType<typeof createSession>;
