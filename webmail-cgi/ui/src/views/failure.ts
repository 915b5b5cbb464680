// webmail-cgi/ui/src/views/failure.ts -- a failure in words: what it means for the mail, and what to do.
// SPDX-License-Identifier: GPL-3.0-or-later
import type { Failure } from '../jmap/error';
import { words } from '../words/words';

export function hintOf(failure: Failure): string {
  const wrong = words().wrong;
  switch (failure.kind) {
    case 'offline': return wrong.offline;
    case 'busy': return wrong.busy;
    case 'refused': return wrong.refused;
    case 'missing': return wrong.missing;
    case 'unsupported': return wrong.unsupported;
    case 'signed_out': return words().signIn.ended;
    case 'server': return wrong.server;
  }
}
