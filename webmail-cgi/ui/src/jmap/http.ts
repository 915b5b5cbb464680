// webmail-cgi/ui/src/jmap/http.ts -- one HTTP exchange with the server the page came from (docs/api.md).
// SPDX-License-Identifier: GPL-3.0-or-later
import { Failure, failureOfStatus } from './error';

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

const DEADLINE_MS = 30_000;

// JSON in, JSON out; every way to fail is a Failure. `undefined` for an answer without a body.
export async function exchange(fetcher: Fetch, url: string, body?: unknown): Promise<unknown> {
  const headers: Record<string, string> = {
    'Accept': 'application/json',
    'X-Requested-With': 'posthouse',
  };
  const init: RequestInit = {
    headers,
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
    signal: AbortSignal.timeout(DEADLINE_MS),
  };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.method = 'POST';
    init.body = JSON.stringify(body);
  }
  let response: Response;
  let text: string;
  try {
    response = await fetcher(url, init);
    text = await response.text();
  } catch (reason) {
    throw new Failure('offline', reason instanceof Error ? reason.message : String(reason));
  }
  if (!response.ok)
    throw failureOfStatus(response.status, detailOf(text), response.headers.get('Retry-After'));
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Failure('server', 'The answer is not JSON.');
  }
}

// RFC 7807: the `detail` of an error may be shown to the user. Anything else (a proxy's page) may not.
function detailOf(text: string): string {
  try {
    const problem = JSON.parse(text) as { detail?: unknown } | null;
    return typeof problem?.detail === 'string' ? problem.detail : '';
  } catch {
    return '';
  }
}
