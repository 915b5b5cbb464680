// webmail-cgi/ui/src/jmap/client.test.mjs -- batches, back references, and every way a request can fail.
// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from './client';
import { getEmail, queryWindow } from './mail';

const ORIGIN = 'https://mail.example.org';
const session = (more = {}) => ({
  username: 'alice',
  apiUrl: `${ORIGIN}/jmap/api`,
  downloadUrl: `${ORIGIN}/jmap/download/{accountId}/{blobId}/{name}?type={type}`,
  capabilities: { 'urn:ietf:params:jmap:core': { maxCallsInRequest: 4 } },
  primaryAccounts: { 'urn:ietf:params:jmap:mail': 'a1' },
  ...more,
});
const reply = (value, init) => new Response(JSON.stringify(value), init);

// A client whose server answers with `answer(call)`, and the requests that it has seen.
function clientOf(answer, more) {
  const seen = [];
  const fetcher = async (url, init) => {
    const body = JSON.parse(init.body);
    seen.push({ url, init, calls: body.methodCalls });
    return reply({ methodResponses: body.methodCalls.map((call) => answer(call)) });
  };
  return { client: new Client(session(more), fetcher, ORIGIN), seen };
}
const echo = ([name, args, id]) => [name, { list: [], args }, id];
const get = (client) => client.call('Mailbox/get', { accountId: 'a1', ids: null });

test('calls of one turn travel in one request', async () => {
  const { client, seen } = clientOf(echo);
  await Promise.all([get(client), get(client), get(client)]);
  assert.equal(seen.length, 1);
  assert.equal(seen[0].calls.length, 3);
});

test('a request holds no more calls than the server takes, and a batch is never split', async () => {
  const { client, seen } = clientOf(echo);
  const batches = Array.from({ length: 3 }, () => {
    const batch = client.batch();
    const calls = [0, 1, 2].map(() => batch.call('Mailbox/get', { accountId: 'a1', ids: null }));
    batch.send();
    return calls;
  });
  await Promise.all(batches.flat().map((call) => call.result));
  assert.deepEqual(seen.map(({ calls }) => calls.length), [3, 3, 3]);
});

test('a window is one request, its rows taken by back reference and put in the order of the query', async () => {
  const { client, seen } = clientOf(([name, , id]) =>
    name === 'Email/query'
      ? [name, { queryState: 's', position: 50, ids: ['E3', 'E1', 'E2'], total: 90 }, id]
      : [name, { list: [{ id: 'E1' }, { id: 'E2' }, { id: 'E3' }] }, id]);
  const found = await queryWindow(client, { inMailbox: 'm' }, 50, 50);
  assert.deepEqual(found.rows.map((row) => row.id), ['E3', 'E1', 'E2']);
  assert.equal(found.total, 90);
  assert.equal(seen.length, 1);
  const [query, fetched] = seen[0].calls;
  assert.deepEqual(fetched[1]['#ids'], { resultOf: query[2], name: 'Email/query', path: '/ids' });
});

test('each request says that it comes from the page', async () => {
  const { client, seen } = clientOf(echo);
  await get(client);
  assert.equal(seen[0].init.headers['X-Requested-With'], 'posthouse');
  assert.equal(seen[0].init.headers['Content-Type'], 'application/json');
});

test('a session that names another origin does not send the page there', async () => {
  const { client, seen } = clientOf(echo, { apiUrl: 'https://evil.example/jmap/api', downloadUrl: 'https://evil.example/d/{blobId}' });
  await get(client);
  assert.equal(seen[0].url, '/jmap/api');
  assert.equal(client.downloadUrl('B1', 'x', 'y'), '/d/B1');
});

test('names in a download address are encoded', () => {
  const { client } = clientOf(echo);
  assert.equal(
    client.downloadUrl('B1', '会议 & a/b?.pdf', 'application/pdf'),
    '/jmap/download/a1/B1/%E4%BC%9A%E8%AE%AE%20%26%20a%2Fb%3F.pdf?type=application%2Fpdf',
  );
});

test('the failure of one call leaves the others alone', async () => {
  let n = 0;
  const { client } = clientOf((call) =>
    n++ === 0 ? ['error', { type: 'serverUnavailable' }, call[2]] : echo(call));
  const results = await Promise.allSettled([get(client), get(client)]);
  assert.equal(results[0].reason.kind, 'busy');
  assert.equal(results[1].status, 'fulfilled');
});

test('a call without an answer fails', async () => {
  const { client } = clientOf(() => ['Mailbox/get', {}, 'someone else']);
  await assert.rejects(get(client), { kind: 'server' });
});

test('a mail that is not found is missing', async () => {
  const { client } = clientOf(([name, , id]) => [name, { list: [], notFound: ['E1'] }, id]);
  await assert.rejects(getEmail(client, 'E1'), { kind: 'missing' });
});

const failing = (answer) => get(new Client(session(), answer, ORIGIN));

test('each way to fail has its kind', async () => {
  const status = (code, headers) => async () => reply({ detail: 'why' }, { status: code, headers });
  await assert.rejects(failing(async () => { throw new TypeError('no network'); }), { kind: 'offline' });
  await assert.rejects(failing(status(401)), { kind: 'signed_out', detail: 'why' });
  await assert.rejects(failing(status(403)), { kind: 'refused' });
  await assert.rejects(failing(status(429, { 'Retry-After': '7' })), { kind: 'busy', retryAfter: 7 });
  await assert.rejects(failing(status(503)), { kind: 'busy', retryAfter: null });
  await assert.rejects(failing(status(500)), { kind: 'server' });
});

test('an answer that is no JMAP response is a fault of the server, not of the page', async () => {
  for (const body of ['', '<html>proxy</html>', 'null', '[]', '{"methodResponses":7}'])
    await assert.rejects(failing(async () => new Response(body)), { kind: 'server' }, body);
});

test('the page of a proxy is not shown as an explanation', async () => {
  const answer = async () => new Response('<h1>502</h1>', { status: 502 });
  await assert.rejects(failing(answer), { kind: 'server', detail: 'HTTP 502' });
});

test('a session without a mail account is refused', async () => {
  const fetcher = async () => reply(session({ primaryAccounts: {} }));
  await assert.rejects(Client.open(fetcher, ORIGIN), { kind: 'server' });
});
