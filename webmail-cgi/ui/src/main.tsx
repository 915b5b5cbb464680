// webmail-cgi/ui/src/main.tsx -- where the page starts.
// SPDX-License-Identifier: GPL-3.0-or-later
import { render } from 'solid-js/web';

import './kit/tokens.css';
import './kit/base.css';
import { createSession } from './state/session';
import { App } from './views/app';

const session = createSession((url, init) => fetch(url, init), location.origin);
const place = document.getElementById('page');
if (place) render(() => <App session={session} />, place);
