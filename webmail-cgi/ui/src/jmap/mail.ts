// webmail-cgi/ui/src/jmap/mail.ts -- the questions the page asks about mail, each one batch.
// SPDX-License-Identifier: GPL-3.0-or-later
import type { Client } from './client';
import { Failure } from './error';
import type { Email, EmailRow, Filter, Id, Mailbox } from './types';

const ROW_PROPERTIES = [
  'id', 'keywords', 'from', 'to', 'subject', 'receivedAt', 'size', 'preview', 'hasAttachment',
];
const EMAIL_PROPERTIES = [
  ...ROW_PROPERTIES, 'blobId', 'mailboxIds', 'cc', 'bcc', 'replyTo', 'sentAt', 'htmlBody', 'attachments',
];
const BODY_PROPERTIES = ['partId', 'blobId', 'size', 'name', 'type', 'disposition', 'cid'];

export interface Window {
  position: number;
  rows: EmailRow[];
  total: number;
  queryState: string;
}

export async function getMailboxes(client: Client): Promise<Mailbox[]> {
  const answer = await client.call('Mailbox/get', { accountId: client.accountId, ids: null });
  return answer.list;
}

// `limit` rows of a folder from `position` on, newest first. The total is asked for each time: the
// server knows it, and it tells whether the list has changed under the reader.
export async function queryWindow(
  client: Client,
  filter: Filter,
  position: number,
  limit: number,
): Promise<Window> {
  const batch = client.batch();
  const query = batch.call('Email/query', {
    accountId: client.accountId,
    filter,
    sort: [{ property: 'receivedAt', isAscending: false }],
    position,
    limit,
    calculateTotal: true,
  });
  const get = batch.call('Email/get', {
    accountId: client.accountId,
    '#ids': query.reference('/ids'),
    properties: ROW_PROPERTIES,
  });
  batch.send();
  const found = await query.result;
  const rows = inOrder(found.ids, (await get.result).list as EmailRow[]);
  const total = found.total ?? found.position + found.ids.length;
  return { position: found.position, rows, total, queryState: found.queryState };
}

export async function getEmail(client: Client, id: Id): Promise<Email> {
  const answer = await client.call('Email/get', {
    accountId: client.accountId,
    ids: [id],
    properties: EMAIL_PROPERTIES,
    bodyProperties: BODY_PROPERTIES,
  });
  const email = answer.list[0];
  if (!email) throw new Failure('missing', id);
  return email as Email;
}

// Email/get may answer in any order and leave out what vanished between the two calls.
function inOrder(ids: Id[], list: EmailRow[]): EmailRow[] {
  const byId = new Map(list.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id)).filter((row): row is EmailRow => row !== undefined);
}
