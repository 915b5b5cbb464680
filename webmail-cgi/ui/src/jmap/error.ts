// webmail-cgi/ui/src/jmap/error.ts -- the one error type of the page: what went wrong, in kinds a view can word.
// SPDX-License-Identifier: GPL-3.0-or-later

// offline: no answer at all; signed_out: 401; refused: wrong password or 403; busy: try again in a while;
// server: an answer that cannot be used; unsupported: this server lacks the method or filter; missing: gone.
export type FailureKind =
  | 'offline'
  | 'signed_out'
  | 'refused'
  | 'busy'
  | 'server'
  | 'unsupported'
  | 'missing';

export class Failure extends Error {
  constructor(
    readonly kind: FailureKind,
    readonly detail: string,
    readonly retryAfter: number | null = null,
  ) {
    super(`${kind}: ${detail}`);
    this.name = 'Failure';
  }
}

export function asFailure(reason: unknown): Failure {
  return reason instanceof Failure ? reason : new Failure('server', String(reason));
}

export function failureOfStatus(status: number, detail: string, retryAfter: string | null): Failure {
  const wait = retryAfter && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
  if (status === 401) return new Failure('signed_out', detail);
  if (status === 403) return new Failure('refused', detail);
  if (status === 404) return new Failure('missing', detail);
  if (status === 429 || status === 503 || status === 504) return new Failure('busy', detail, wait);
  return new Failure('server', detail || `HTTP ${status}`);
}

export function failureOfMethod(type: string, description: string): Failure {
  const detail = description ? `${type}: ${description}` : type;
  if (type === 'serverUnavailable') return new Failure('busy', detail);
  if (type === 'accountNotFound' || type === 'notFound') return new Failure('missing', detail);
  if (type === 'unknownMethod' || type === 'unsupportedFilter' || type === 'unsupportedSort')
    return new Failure('unsupported', detail);
  return new Failure('server', detail);
}
