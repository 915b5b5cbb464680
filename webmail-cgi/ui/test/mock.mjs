// webmail-cgi/ui/test/mock.mjs -- a small JMAP server with generated mail, for looking at the page and for its tests.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   node test/mock.mjs [PORT]     then sign in as empty@, one@, fifty@, many@ or odd@example.org, password "secret"
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { folders, mail, oddMails, plainMail } from './mock_mail.mjs';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const NOW = Date.now();
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; " +
  "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types posthouse-templates";
const VIEW_POLICY =
  "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox";

const times = (n) => Array.from({ length: n }, (_, i) => plainMail(i, NOW));
const BOXES = {
  empty: () => [],
  one: () => [mail(0, NOW - 60_000, { from: [{ name: 'Clara Whitmore', email: 'clara@example.org' }], subject: 'Welcome', preview: 'Your account is ready.', text: 'Your account is ready.' })],
  fifty: () => times(50),
  many: () => times(50_000),
  odd: () => oddMails(NOW),
};

const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

function viewPage({ text, html }) {
  const style = html
    ? 'body{margin:0;font:16px/26px system-ui,sans-serif}'
    : ':root{color-scheme:light dark}body{margin:0;font:16px/26px system-ui,sans-serif}div{white-space:pre-wrap;overflow-wrap:anywhere;max-width:72ch}';
  return `<!doctype html><html><head><meta charset="utf-8"><style>${style}</style></head><body data-blocked-pictures="${html ? 1 : 0}">${html ?? `<div dir="auto">${escape(text ?? '')}</div>`}</body></html>`;
}

class Mock {
  sessions = new Map();
  boxes = new Map();
  fail = {};       // method or path → {status} or {type}
  delay = 0;       // milliseconds before each JMAP answer
  requests = [];   // method names of each JMAP request, in order
  state = 1;

  box(user) {
    const name = user.split('@')[0];
    if (!this.boxes.has(name)) this.boxes.set(name, BOXES[name]?.() ?? null);
    return this.boxes.get(name);
  }

  sessionOf(request) {
    const sid = /(?:^|;\s*)sid=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
    return sid ? this.sessions.get(sid) : undefined;
  }

  async handle(request, response) {
    const url = new URL(request.url, 'http://localhost');
    const planned = Object.entries(this.fail).find(([path]) => path.startsWith('/') && url.pathname.startsWith(path))?.[1];
    if (planned?.html) return response.writeHead(planned.status, { 'Content-Type': 'text/html' }).end(planned.html);
    if (planned) return problem(response, planned.status, planned.detail ?? 'planned', planned.retryAfter);
    const page = this.staticFile(url.pathname);
    if (page) return this.sendFile(response, page);
    if (request.method === 'POST' && !request.headers['x-requested-with']) return problem(response, 403, 'X-Requested-With is missing.');
    if (url.pathname === '/api/login') return this.login(await bodyOf(request), response);
    const user = this.sessionOf(request);
    if (url.pathname === '/api/logout') return this.logout(response);
    if (!user) return problem(response, 401, 'Not logged in.');
    if (url.pathname === '/.well-known/jmap') return json(response, session(user, request.headers.host));
    if (url.pathname === '/jmap/api') return this.api(user, await bodyOf(request), response);
    const view = /^\/view\/([\w-]+)$/.exec(url.pathname);
    if (view) return this.view(user, view[1], response);
    const blob = /^\/jmap\/download\/a1\/([\w-]+)\/([^/]+)$/.exec(url.pathname);
    if (blob) return download(response, decodeURIComponent(blob[2]), url.searchParams.get('type'));
    return problem(response, 404, 'No such page.');
  }

  staticFile(path) {
    const file = join(DIST, normalize(path === '/' ? '/index.html' : path));
    return file.startsWith(DIST) && extname(file) in TYPES && existsSync(file) ? file : null;
  }

  sendFile(response, file) {
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)], 'Content-Security-Policy': PAGE_POLICY, 'X-Content-Type-Options': 'nosniff' });
    createReadStream(file).pipe(response);
  }

  login({ username, password }, response) {
    if (password !== 'secret' || !this.box(username)) return problem(response, 401, 'User name or password is wrong.');
    const sid = Math.random().toString(36).slice(2);
    this.sessions.set(sid, username);
    response.setHeader('Set-Cookie', `sid=${sid}; HttpOnly; SameSite=Strict; Path=/`);
    return json(response, { username, accountId: 'a1' });
  }

  logout(response) {
    response.writeHead(204, { 'Set-Cookie': 'sid=; Max-Age=0; Path=/' }).end();
  }

  async api(user, { methodCalls }, response) {
    this.requests.push(methodCalls.map(([name]) => name));
    if (this.delay) await new Promise((done) => setTimeout(done, this.delay));
    const answers = [];
    for (const [name, args, id] of methodCalls) {
      const failure = this.fail[name];
      const answer = failure ? { type: failure.type } : this.method(user, name, resolve(args, answers));
      answers.push([failure ? 'error' : answer.type ? 'error' : name, answer, id]);
    }
    return json(response, { methodResponses: answers, sessionState: 's' });
  }

  method(user, name, args) {
    const mails = this.box(user);
    const state = `s${this.state}`;
    if (name === 'Mailbox/get') {
      const unread = mails.filter((one) => !one.keywords.$seen).length;
      return { accountId: 'a1', state, list: folders(mails.length, unread), notFound: [] };
    }
    if (name === 'Email/query') {
      const { inMailbox, text } = args.filter;
      let found = inMailbox === 'inbox' ? mails : [];
      if (text) found = found.filter((one) => `${one.subject} ${one.from?.[0]?.name}`.toLowerCase().includes(text.toLowerCase()));
      const ids = found.slice(args.position, args.position + args.limit).map((one) => one.id);
      return { accountId: 'a1', queryState: state, canCalculateChanges: false, position: args.position, ids, total: found.length };
    }
    if (name === 'Email/get') {
      const byId = (id) => (mails.length > 1000 ? mails[Number(id.slice(1))] : mails.find((one) => one.id === id));
      const list = args.ids.map(byId).filter(Boolean).map((one) => pick(one, ['id', ...args.properties]));
      return { accountId: 'a1', state, list, notFound: args.ids.filter((id) => !byId(id)) };
    }
    return { type: 'unknownMethod' };
  }

  view(user, blobId, response) {
    const found = this.box(user).find((one) => one.blobId === blobId || one.htmlBody.some((part) => part.blobId === blobId));
    if (!found) return problem(response, 404, 'No such mail.');
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': VIEW_POLICY, 'X-Frame-Options': 'SAMEORIGIN' });
    return response.end(viewPage(found.page));
  }
}

const pick = (one, names) => Object.fromEntries(names.map((name) => [name, one[name]]));

// "#ids" → the value at the path of an earlier answer; enough for /ids.
function resolve(args, answers) {
  const result = { ...args };
  for (const [key, value] of Object.entries(args)) {
    if (!key.startsWith('#')) continue;
    const source = answers.find(([, , id]) => id === value.resultOf);
    result[key.slice(1)] = source?.[1][value.path.slice(1)] ?? [];
  }
  return result;
}

function session(user, host) {
  const mail = 'urn:ietf:params:jmap:mail';
  return {
    username: user, state: 's', apiUrl: `http://${host}/jmap/api`,
    downloadUrl: `http://${host}/jmap/download/{accountId}/{blobId}/{name}?type={type}`,
    uploadUrl: `http://${host}/jmap/upload/{accountId}/`, eventSourceUrl: `http://${host}/jmap/events`,
    capabilities: { 'urn:ietf:params:jmap:core': { maxCallsInRequest: 16 }, [mail]: {} },
    accounts: { a1: { name: user, isReadOnly: false } }, primaryAccounts: { [mail]: 'a1' },
  };
}

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text || '{}');
}

function json(response, value) {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(value));
}

function problem(response, status, detail, retryAfter) {
  const headers = { 'Content-Type': 'application/problem+json' };
  if (retryAfter) headers['Retry-After'] = String(retryAfter);
  response.writeHead(status, headers).end(JSON.stringify({ type: 'about:blank', status, detail }));
}

function download(response, name, type) {
  response.writeHead(200, {
    'Content-Type': type || 'application/octet-stream',
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
  });
  response.end(`bytes of ${name}`);
}

// Starts on a free port of the loopback; `fail`, `delay`, `state` and `requests` are the test's levers.
export async function startMock(port = 0) {
  const mock = new Mock();
  const server = createServer((request, response) => {
    mock.handle(request, response).catch((reason) => problem(response, 500, String(reason)));
  });
  await new Promise((ready) => server.listen(port, '127.0.0.1', ready));
  mock.url = `http://mail.posthouse.localhost:${server.address().port}`;
  mock.close = () => new Promise((done) => {
    server.close(done);
    server.closeAllConnections();
  });
  return mock;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await startMock(Number(process.argv[2] ?? 8080));
  console.log(`${mock.url}/  (sign in as ${Object.keys(BOXES).join('@, ')}@example.org, password "secret")`);
}
