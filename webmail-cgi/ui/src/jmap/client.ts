// webmail-cgi/ui/src/jmap/client.ts -- JMAP requests: batches with back references, several joined into one POST.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A batch is a few calls that may refer to each other's answers; it is never split. Batches sent in
// the same turn travel in one HTTP request, as many as the server's maxCallsInRequest allows.
import { asFailure, Failure, failureOfMethod } from './error';
import { exchange, type Fetch } from './http';
import {
  CORE,
  MAIL,
  type Id,
  type Invocation,
  type MethodName,
  type Methods,
  type ResultReference,
  type Session,
  type WithReferences,
} from './types';

export class Call<M extends MethodName> {
  readonly result: Promise<Methods[M]['result']>;
  settle!: (result: Methods[M]['result']) => void;
  fail!: (reason: Failure) => void;

  constructor(
    readonly name: M,
    readonly args: WithReferences<Methods[M]['args']>,
    readonly id: string,
  ) {
    this.result = new Promise((settle, fail) => {
      this.settle = settle;
      this.fail = fail;
    });
    // Who awaits the batch sees the failure; a call nobody awaits must not become an unhandled rejection.
    this.result.catch(() => undefined);
  }

  // Stands for a value of this call's answer in a later call of the same batch.
  reference(path: string): ResultReference {
    return { resultOf: this.id, name: this.name, path };
  }
}

type AnyCall = Call<MethodName>;

export class Batch {
  readonly calls: AnyCall[] = [];

  constructor(private readonly client: Client) {}

  call<M extends MethodName>(name: M, args: WithReferences<Methods[M]['args']>): Call<M> {
    const made = new Call(name, args, this.client.nextCallId());
    this.calls.push(made as unknown as AnyCall);
    return made;
  }

  // Queues the batch; each call's `result` settles on its own.
  send(): void {
    this.client.enqueue(this);
  }
}

export class Client {
  private queue: Batch[] = [];
  private counter = 0;

  constructor(
    readonly session: Session,
    private readonly fetcher: Fetch,
    private readonly origin: string,
  ) {}

  static async open(fetcher: Fetch, origin: string): Promise<Client> {
    const session = (await exchange(fetcher, '/.well-known/jmap')) as Session | undefined;
    if (!session || !session.primaryAccounts || !session.primaryAccounts[MAIL])
      throw new Failure('server', 'The session names no mail account.');
    return new Client(session, fetcher, origin);
  }

  get accountId(): Id {
    return this.session.primaryAccounts[MAIL] as Id;
  }

  batch(): Batch {
    return new Batch(this);
  }

  // One call alone.
  call<M extends MethodName>(
    name: M,
    args: WithReferences<Methods[M]['args']>,
  ): Promise<Methods[M]['result']> {
    const batch = this.batch();
    const made = batch.call(name, args);
    batch.send();
    return made.result;
  }

  // Where a blob can be downloaded (RFC 8620 s6.2).
  downloadUrl(blobId: Id, name: string, type: string): string {
    const values: Record<string, string> = { accountId: this.accountId, blobId, name, type };
    return this.local(
      this.session.downloadUrl.replace(/\{(\w+)\}/g, (whole, key: string) =>
        key in values ? encodeURIComponent(values[key] as string) : whole,
      ),
    );
  }

  nextCallId(): string {
    return `c${this.counter++}`;
  }

  enqueue(batch: Batch): void {
    this.queue.push(batch);
    if (this.queue.length === 1) queueMicrotask(() => this.flush());
  }

  private flush(): void {
    const most = Number(this.session.capabilities[CORE]?.['maxCallsInRequest'] ?? 16);
    let calls: AnyCall[] = [];
    for (const batch of this.queue) {
      if (calls.length > 0 && calls.length + batch.calls.length > most) {
        void this.post(calls);
        calls = [];
      }
      calls = calls.concat(batch.calls);
    }
    this.queue = [];
    if (calls.length > 0) void this.post(calls);
  }

  private async post(calls: AnyCall[]): Promise<void> {
    const methodCalls = calls.map((call): Invocation => [call.name, call.args, call.id]);
    try {
      const body = { using: [CORE, MAIL], methodCalls };
      const answer = await exchange(this.fetcher, this.local(this.session.apiUrl), body);
      deliver(calls, answer);
    } catch (reason) {
      for (const call of calls) call.fail(asFailure(reason));
    }
  }

  // The session's addresses are absolute. The page speaks only to the origin it came from: a
  // public_origin set wrongly must not send the user's requests elsewhere.
  private local(url: string): string {
    const parsed = new URL(url.replace(/[{}]/g, encodeURIComponent), this.origin);
    return parsed.pathname + parsed.search;
  }
}

function deliver(calls: AnyCall[], answer: unknown): void {
  const responses = (answer as { methodResponses?: Invocation[] } | undefined)?.methodResponses;
  if (!Array.isArray(responses)) throw new Failure('server', 'The answer is not a JMAP response.');
  const byId = new Map(responses.map((response) => [response[2], response]));
  for (const call of calls) {
    const response = byId.get(call.id);
    if (!response) {
      call.fail(new Failure('server', `No answer to ${call.name}.`));
    } else if (response[0] === 'error') {
      const { type, description } = response[1] as { type?: string; description?: string };
      call.fail(failureOfMethod(type ?? 'serverFail', description ?? ''));
    } else {
      call.settle(response[1] as never);
    }
  }
}
