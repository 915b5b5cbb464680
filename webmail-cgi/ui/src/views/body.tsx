// webmail-cgi/ui/src/views/body.tsx -- the message's text: the server's safe page in a sandboxed frame, as high as its content.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The frame has its own address and its own policy; it never gets allow-scripts, srcdoc or blob:.
// Being of the same origin it can be measured from here, and hands its key presses on.
import { createSignal, For, Match, onCleanup, Show, Switch } from 'solid-js';

import type { BodyPart, Email } from '../jmap/types';
import { Failed } from '../kit/pieces';
import { NoImages } from '../kit/icons';
import type { Desk } from '../state/desk';
import { words } from '../words/words';

const SANDBOX = 'allow-same-origin allow-popups allow-popups-to-escape-sandbox';
// Formats that are pictures and nothing else; SVG is a document.
const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'];

interface Piece {
  kind: 'text' | 'picture';
  blobId: string;
  part: BodyPart | null;
}

// One text: the message as a whole, of which the server shows the best form. Several (a text, a
// picture, a text): one after the other, as they stand.
export function piecesOf(email: Email): Piece[] {
  const texts = email.htmlBody.filter((part) => part.type.startsWith('text/'));
  const pictures = email.htmlBody.filter((part) => PICTURES.includes(part.type));
  if (texts.length <= 1 && pictures.length === 0)
    return [{ kind: 'text', blobId: email.blobId, part: null }];
  return email.htmlBody
    .filter((part) => part.blobId !== null && (texts.includes(part) || pictures.includes(part)))
    .map((part) => ({
      kind: pictures.includes(part) ? 'picture' : 'text',
      blobId: part.blobId as string,
      part,
    }));
}

export function Body(props: { desk: Desk; email: Email; onKey: (event: KeyboardEvent) => void }) {
  const [blocked, setBlocked] = createSignal(false);
  return (
    <>
      <Show when={blocked()}>
        <p class="notice calm" role="status">
          <NoImages size={16} />
          <span>{words().message.blocked}</span>
        </p>
      </Show>
      <For each={piecesOf(props.email)}>
        {(piece) => (
          <Show
            when={piece.kind === 'text'}
            fallback={
              <img
                class="body-picture"
                src={props.desk.client.downloadUrl(piece.blobId, piece.part?.name ?? 'picture', piece.part?.type ?? '')}
                alt={piece.part?.name ?? words().message.picture}
              />
            }
          >
            <Frame blobId={piece.blobId} onKey={props.onKey} onBlocked={() => setBlocked(true)} />
          </Show>
        )}
      </For>
    </>
  );
}

type Shown = 'loading' | 'shown' | 'empty' | 'failed';

function Frame(props: { blobId: string; onKey: (event: KeyboardEvent) => void; onBlocked: () => void }) {
  const [shown, setShown] = createSignal<Shown>('loading');
  const [attempt, setAttempt] = createSignal(0);
  const address = () => `/view/${encodeURIComponent(props.blobId)}${attempt() ? `?again=${attempt()}` : ''}`;
  let place!: HTMLDivElement;
  let watch: ResizeObserver | undefined;
  onCleanup(() => watch?.disconnect());

  function loaded(frame: HTMLIFrameElement): void {
    const inside = frame.contentDocument;
    if (!inside || !isView(frame, inside)) {
      setShown('failed');
      return;
    }
    if (inside.querySelector(BLOCKED)) props.onBlocked();
    if (isEmpty(inside.body)) {
      setShown('empty');
      return;
    }
    inside.addEventListener('keydown', props.onKey);
    watch?.disconnect();
    watch = new ResizeObserver(() => fit(frame, inside, place));
    watch.observe(inside.body);
    watch.observe(place);
    setShown('shown');
  }

  return (
    <Switch>
      <Match when={shown() === 'failed'}>
        <Failed
          title={words().wrong.body}
          hint={words().wrong.bodyHint}
          action={{
            label: words().wrong.again,
            run: () => {
              setAttempt((n) => n + 1);
              setShown('loading');
            },
          }}
        />
      </Match>
      <Match when={shown() === 'empty'}>
        <p class="body-place body-empty">{words().message.emptyBody}</p>
      </Match>
      <Match when={true}>
        <div class="body-place" ref={place}>
          <iframe
            class="body"
            classList={{ shown: shown() === 'shown' }}
            title={words().message.body}
            sandbox={SANDBOX}
            referrerpolicy="no-referrer"
            src={address()}
            onLoad={(event) => loaded(event.currentTarget)}
          />
        </div>
      </Match>
    </Switch>
  );
}

// The server counts what it left out.
const BLOCKED = 'body[data-blocked-pictures]:not([data-blocked-pictures="0"])';

// The daemon's errors are JSON, a proxy's are pages: the status tells where the browser knows it.
function isView(frame: HTMLIFrameElement, inside: Document): boolean {
  if (inside.contentType !== 'text/html' || !inside.body) return false;
  const [arrival] = frame.contentWindow?.performance.getEntriesByType('navigation') ?? [];
  const status = (arrival as { responseStatus?: number } | undefined)?.responseStatus;
  return !status || status === 200;
}

function isEmpty(body: HTMLElement): boolean {
  return (body.textContent ?? '').trim() === '' && body.querySelector('img, hr, table') === null;
}

const LEAST_SCALE = 0.5;

// The frame is as high as its page. A page made for a wider column (newsletters are 600 px wide) is
// made smaller as a whole, like a picture; beyond half its size it scrolls sideways instead.
function fit(frame: HTMLIFrameElement, inside: Document, place: HTMLElement): void {
  const root = inside.documentElement;
  frame.style.width = '100%';
  const room = place.clientWidth;
  if (room === 0) return;  // the pane is not seen now
  const wanted = root.scrollWidth;
  const scale = wanted > room + 1 ? Math.max(LEAST_SCALE, room / wanted) : 1;
  frame.style.width = `${room / scale}px`;
  frame.style.transform = scale < 1 ? `scale(${scale})` : '';
  const high = Math.max(inside.body.getBoundingClientRect().bottom + root.scrollTop, root.getBoundingClientRect().height);
  const bar = root.scrollWidth > root.clientWidth ? 16 : 0;  // room for a scroll bar
  frame.style.height = `${Math.ceil(high) + bar}px`;
  place.style.height = `${Math.ceil((high + bar) * scale) + EDGE}px`;
}

// The line and the space above the text, in message.css.
const EDGE = 17;
