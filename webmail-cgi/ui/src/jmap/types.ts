// webmail-cgi/ui/src/jmap/types.ts -- the JMAP objects and methods that the page uses (RFC 8620, RFC 8621).
// SPDX-License-Identifier: GPL-3.0-or-later

export type Id = string;

export const CORE = 'urn:ietf:params:jmap:core';
export const MAIL = 'urn:ietf:params:jmap:mail';

// RFC 8620 s2
export interface Session {
  username: string;
  apiUrl: string;
  downloadUrl: string;
  state: string;
  capabilities: Record<string, Record<string, unknown>>;
  accounts: Record<Id, { name: string; isReadOnly: boolean }>;
  primaryAccounts: Record<string, Id>;
}

// RFC 8621 s2
export type Role = 'inbox' | 'drafts' | 'sent' | 'junk' | 'trash' | 'archive';

export interface Mailbox {
  id: Id;
  name: string;
  parentId: Id | null;
  role: Role | string | null;
  sortOrder: number;
  totalEmails: number;
  unreadEmails: number;
}

// RFC 8621 s4.1.2.3
export interface EmailAddress {
  name: string | null;
  email: string;
}

// What a row of the list shows.
export interface EmailRow {
  id: Id;
  keywords: Record<string, boolean>;
  from: EmailAddress[] | null;
  to: EmailAddress[] | null;
  subject: string | null;
  receivedAt: string;
  size: number;
  preview: string;
  hasAttachment: boolean;
}

// RFC 8621 s4.1.4
export interface BodyPart {
  partId: string | null;
  blobId: Id | null;
  size: number;
  name: string | null;
  type: string;
  disposition: string | null;
  cid: string | null;
}

// What the reading column shows.
export interface Email extends EmailRow {
  blobId: Id;
  mailboxIds: Record<Id, boolean>;
  cc: EmailAddress[] | null;
  bcc: EmailAddress[] | null;
  replyTo: EmailAddress[] | null;
  sentAt: string | null;
  htmlBody: BodyPart[];
  attachments: BodyPart[];
}

export interface Filter {
  inMailbox?: Id;
  text?: string;
}

interface GetArguments {
  accountId: Id;
  ids: Id[] | null;
  properties?: string[];
}
interface GetResult<T> {
  accountId: Id;
  state: string;
  list: T[];
  notFound: Id[];
}

// Method name → its arguments and its answer.
export interface Methods {
  'Mailbox/get': { args: GetArguments; result: GetResult<Mailbox> };
  'Email/get': {
    args: GetArguments & { bodyProperties?: string[] };
    result: GetResult<Partial<Email> & { id: Id }>;
  };
  'Email/query': {
    args: {
      accountId: Id;
      filter: Filter | null;
      sort: { property: string; isAscending: boolean }[];
      position: number;
      limit: number;
      calculateTotal: boolean;
    };
    result: { accountId: Id; queryState: string; position: number; ids: Id[]; total?: number };
  };
}

export type MethodName = keyof Methods;

// An argument may be taken from an earlier answer of the same request (RFC 8620 s3.7).
export interface ResultReference {
  resultOf: string;
  name: string;
  path: string;
}
export type WithReferences<A> = {
  [K in keyof A]?: A[K];
} & {
  [K in keyof A as `#${string & K}`]?: ResultReference;
};

export type Invocation = [name: string, args: Record<string, unknown>, callId: string];
