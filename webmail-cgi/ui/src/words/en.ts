// webmail-cgi/ui/src/words/en.ts -- every word of the page in English; the shape that all catalogues have.
// SPDX-License-Identifier: GPL-3.0-or-later

const counted = (n: number, one: string, other: string): string => {
  const shown = new Intl.NumberFormat('en').format(n);
  return `${shown} ${n === 1 ? one : other}`;
};

export const en = {
  language: 'English',
  product: 'Posthouse',

  signIn: {
    title: 'Sign in to your mail',
    username: 'Mail address',
    password: 'Password',
    submit: 'Sign in',
    busy: 'Signing in…',
    refused: 'The mail address or the password is wrong. Check both and try again.',
    wait: (seconds: number | null) =>
      seconds
        ? `Too many attempts, or the server is busy. Try again in ${counted(seconds, 'second', 'seconds')}.`
        : 'Too many attempts, or the server is busy. Try again in a minute.',
    offline: 'The server cannot be reached. Check your connection and try again.',
    failed: 'Signing in failed because of a fault on the server. Your mail is safe. Try again later.',
    ended: 'You were signed out. Your mail is unchanged. Sign in to go on.',
    empty: 'Enter your mail address and your password.',
  },

  menu: {
    open: 'Menu',
    language: 'Language',
    keyboard: 'Keyboard shortcuts',
    signOut: 'Sign out',
    signOutFailed: 'You are still signed in: the server did not answer. Try again.',
  },

  folders: {
    title: 'Folders',
    inbox: 'Inbox',
    drafts: 'Drafts',
    sent: 'Sent',
    junk: 'Junk',
    trash: 'Trash',
    archive: 'Archive',
    unread: (n: number) => `${new Intl.NumberFormat('en').format(n)} unread`,
    total: (n: number) => counted(n, 'message', 'messages'),
    none: 'This account has no folders yet. They appear with the first mail.',
    resize: 'Width of the folders',
  },

  list: {
    title: 'Messages',
    search: 'Search this folder',
    clearSearch: 'Clear the search',
    refresh: 'Check for new mail',
    back: 'Folders',
    total: (n: number) => counted(n, 'message', 'messages'),
    found: (n: number) => `${new Intl.NumberFormat('en').format(n)} found`,
    unread: 'Unread',
    flagged: 'Flagged',
    answered: 'Answered',
    draft: 'Draft',
    attachment: 'Has attachments',
    noSubject: '(no subject)',
    noSender: '(no sender)',
    noRecipient: '(no recipient)',
    to: (names: string) => `To: ${names}`,
    empty: 'No messages here',
    emptyInbox: 'New mail appears here by itself.',
    emptyFolder: 'Mail that you or a filter moves to this folder appears here.',
    emptySearch: 'Nothing found',
    emptySearchHint: 'Try fewer or other words, or search another folder.',
    choose: 'Choose a folder to see its messages.',
    resize: 'Width of the message list',
  },

  message: {
    title: 'Message',
    back: 'Back to the list',
    close: 'Close the message',
    previous: 'Newer message',
    next: 'Older message',
    from: 'From',
    to: 'To',
    cc: 'Cc',
    bcc: 'Bcc',
    replyTo: 'Reply to',
    more: (n: number) => `and ${n} more`,
    none: 'No message selected',
    noneHint: 'Choose one in the list, or press j and k to go through it.',
    attachments: (n: number) => counted(n, 'attachment', 'attachments'),
    download: 'Download',
    unnamed: 'Unnamed attachment',
    source: 'Download the original message',
    body: 'Text of the message',
    picture: 'Picture in the message',
    blocked: 'Remote images were not loaded, so the sender does not learn that you read this.',
    emptyBody: 'This message has no text.',
  },

  wrong: {
    again: 'Try again',
    folders: 'Your folders could not be loaded',
    list: 'This folder could not be loaded',
    more: 'Some messages could not be loaded',
    message: 'This message could not be opened',
    body: 'The text of this message could not be shown',
    bodyHint: 'The message itself is safe on the server. Try again, or download the original.',
    start: 'Posthouse cannot be reached',
    offline: 'The server cannot be reached. Your mail is safe there. Check your connection and try again.',
    busy: 'The server is busy. Your mail is safe. Try again in a moment.',
    refused: 'The server refused this. Your mail is unchanged. Sign out and in again.',
    server: 'The server reported a fault. Your mail is safe. Try again; if it stays, tell your administrator.',
    missing: 'It is no longer here: it was moved or deleted from another program. Choose another message.',
    missingFolder: 'This folder no longer exists: it was renamed or deleted. Choose another folder.',
    searchUnsupported: 'This server cannot search yet. Clear the search to see all messages.',
    unsupported: 'This server cannot do that yet. Your mail is unchanged.',
  },

  help: {
    title: 'Keyboard shortcuts',
    close: 'Close',
    next: 'Next message',
    previous: 'Previous message',
    open: 'Open the message',
    back: 'Back to the list',
    search: 'Search this folder',
    refresh: 'Check for new mail',
    help: 'This overview',
    or: 'or',
  },
};

export type Catalogue = typeof en;
