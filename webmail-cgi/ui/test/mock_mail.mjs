// webmail-cgi/ui/test/mock_mail.mjs -- generated mail for the mock server: plain, odd, and as much as one likes.
// SPDX-License-Identifier: GPL-3.0-or-later

const PEOPLE = [
  ['Clara Whitmore', 'clara@example.org'], ['王小明', 'wang@example.cn'], ['Иван Петров', 'ivan@example.ru'],
  ['佐藤 花子', 'sato@example.jp'], ['김철수', 'kim@example.kr'], ['محمد عبد الله', 'mohammed@example.eg'],
  ['דנה לוי', 'dana@example.il'], ['Zoë Åkesson', 'zoe@example.se'], ['', 'noreply@lists.example.org'],
];
const SUBJECTS = [
  'Minutes of Thursday', '关于下周会议的安排', 'Re: Отчёт за квартал', '納品書の送付について', 'Re: 회의 일정 변경',
  'دعوة لحضور الاجتماع السنوي', 'סיכום הפגישה', 'Invoice 2026-1184', 'Build 4512 failed on bookworm',
];
const PREVIEWS = [
  'Thanks for coming. The three open points are below, please answer by Monday.', '各位同事：会议改到周三下午两点，地点不变。',
  'Во вложении отчёт и таблица с исходными данными.', 'いつもお世話になっております。納品書をお送りします。',
  '회의가 금요일 오후 3시로 변경되었습니다.', 'يسرنا دعوتكم لحضور الاجتماع يوم الأحد القادم.', 'מצורף סיכום הפגישה מאתמול.',
  'Please find attached the invoice for October.', 'The step "test" ended with exit code 1 after 214 seconds.',
];
const HOUR = 3_600_000;

const person = ([name, email]) => ({ name: name || null, email });

export function plainMail(n, now) {
  const who = PEOPLE[n % PEOPLE.length];
  const at = n % SUBJECTS.length;
  const subject = n > 20 ? `${SUBJECTS[at]} · ${n}` : SUBJECTS[at];
  return mail(n, now - n * HOUR * 1.7, {
    from: [person(who)],
    subject,
    preview: PREVIEWS[at],
    keywords: { ...(n % 4 ? { $seen: true } : {}), ...(n % 11 === 3 ? { $flagged: true } : {}), ...(n % 9 === 5 ? { $answered: true } : {}) },
    text: `${PREVIEWS[at]}\n\n${'The quick brown fox jumps over the lazy dog. '.repeat(6)}\n\n-- \n${who[0] || who[1]}`,
    attachments: n % 7 === 0 ? [['report.pdf', 'application/pdf', 482_113]] : [],
  });
}

export function mail(n, when, more) {
  const { text, html, attachments = [], ...rest } = more;
  return {
    id: `E${n}`,
    blobId: `B${n}`,
    mailboxIds: { inbox: true },
    keywords: {},
    to: [{ name: 'Alice', email: 'alice@example.org' }],
    cc: null, bcc: null, replyTo: null,
    receivedAt: new Date(when).toISOString(),
    sentAt: new Date(when).toISOString(),
    size: 2048 + (n % 50) * 977,
    hasAttachment: attachments.length > 0,
    htmlBody: [part(`T${n}`, html ? 'text/html' : 'text/plain', null, 900)],
    attachments: attachments.map(([name, type, size], i) => part(`A${n}-${i}`, type, name, size)),
    page: { text, html },
    ...rest,
  };
}

export const part = (blobId, type, name, size) => ({
  partId: blobId, blobId, size, name, type, disposition: name ? 'attachment' : null, cid: null,
});

const NEWSLETTER = `<table width="100%" bgcolor="#f4f1ea"><tr><td align="center"><table width="600" bgcolor="#ffffff" cellpadding="24"><tr><td>
<h1 style="font-family:Georgia,serif;color:#333">The harvest letter</h1><p style="font:15px/24px Georgia,serif;color:#444">What we picked,
what we cooked, and three recipes for the first cold week.</p><p><img alt="A basket of apples" width="200" height="120"></p>
<p><a href="https://example.org/" target="_blank">Read on the web</a></p></td></tr></table></td></tr></table>`;

const LONG = 'Re: Re: Fwd: The schedule of the autumn conference, the list of speakers, the rooms, the catering and everything else that was said about it in the last three weeks';

// One of each thing that a list and a reading column must survive.
export function oddMails(now) {
  const odd = [
    { from: [person(PEOPLE[5])], subject: 'دعوة لحضور الاجتماع السنوي للجمعية العمومية وتوزيع جدول الأعمال على جميع الأعضاء', preview: PREVIEWS[5], text: `${PREVIEWS[5]}\n\nمع خالص التحية` },
    { from: [person(PEOPLE[0])], subject: LONG, preview: 'All of it again.', text: 'All of it again.', keywords: { $flagged: true }, attachments: [['schedule.ods', 'application/vnd.oasis.opendocument.spreadsheet', 88_031], ['a-very-long-file-name-that-somebody-made-by-joining-all-words-of-the-title-2026-final-final-2.pdf', 'application/pdf', 12_480_113], ['会议安排.docx', 'application/msword', 45_000], [null, 'application/octet-stream', 12]] },
    { from: [person(PEOPLE[1])], subject: '', preview: '没有写主题。', text: '没有写主题。' },
    { from: null, subject: null, preview: '', text: '' },
    { from: [{ name: 'Harvest', email: 'letter@example.org' }], subject: 'The harvest letter, number 41', preview: 'What we picked, what we cooked', html: NEWSLETTER, keywords: { $seen: true } },
    { from: [person(PEOPLE[6])], subject: 'סיכום הפגישה', preview: PREVIEWS[6], text: PREVIEWS[6], keywords: { $seen: true, $answered: true } },
    { from: [{ name: 'A sender whose name is much longer than any column could ever hold, and then some', email: 'long@example.org' }], subject: 'Short', preview: 'Short too.', text: 'Short too.', keywords: { $seen: true } },
    { from: [person(PEOPLE[3])], subject: '【重要】納品書の送付と来月の予定についてのご連絡(株式会社サンプル)', preview: PREVIEWS[3], text: PREVIEWS[3] },
    { from: [person(PEOPLE[7])], subject: 'To all of us', preview: 'Hello all', text: 'Hello all', to: Array.from({ length: 24 }, (_, i) => ({ name: `Member ${i + 1}`, email: `member${i + 1}@example.org` })), cc: [person(PEOPLE[2]), person(PEOPLE[4])], replyTo: [{ name: null, email: 'board@example.org' }] },
    { from: [{ name: 'pay\u202emoc.live\u202c', email: 'evil@example.net' }], subject: 'Line\r\nbreak and\u0007 bell', preview: '<b>not bold</b> & <script>alert(1)</script>', text: '<b>not bold</b> & <script>alert(1)</script>' },
    { from: [person(PEOPLE[0])], subject: 'Aunbrokenwordthatgoesonandonwithoutanyplacetobreakitwhichhappensinlinksandhashes0123456789abcdef', preview: 'x'.repeat(200), text: 'x'.repeat(400) },
  ];
  return odd.map((one, n) => mail(n, now - n * HOUR * 9, one));
}

const ROLES = [
  ['inbox', 'INBOX', 'inbox'], ['drafts', 'Drafts', 'drafts'], ['sent', 'Sent', 'sent'], ['junk', 'Junk', 'junk'],
  ['trash', 'Trash', 'trash'], ['archive', 'Archive', 'archive'],
];

export function folders(total, unread) {
  const folder = (id, name, role, parentId = null, count = 0, fresh = 0) => ({
    id, name, role, parentId, sortOrder: 0, totalEmails: count, unreadEmails: fresh,
  });
  return [
    ...ROLES.map(([id, name, role]) => folder(id, name, role, null, id === 'inbox' ? total : 0, id === 'inbox' ? unread : 0)),
    folder('projects', 'Projects', null),
    folder('north', 'North wing', null, 'projects'),
    folder('cjk', '客户往来', null),
    folder('rtl', 'مشاريع', null),
    folder('long', 'A folder with a name that is longer than the pane is wide', null),
  ];
}
