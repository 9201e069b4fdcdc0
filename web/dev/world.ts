/** A small invented world that the fixture server answers from. Development only; nothing of it is in the app. */
import type { Activity, Chat, Contact, Group, Message, NodeStatus, Settings, Trace } from '../src/api/types.ts';

export const NOW = Date.now();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const key = (name: string) => `zQ3sh${`${name}xW7aKpQe9RtYuFdGhJkLmNbVcZ8s2f4H6jM3nB5vC7xZ`.replace(/[0OIl ]/g, 'a').slice(0, 44)}`;

export const me = {
  profile: 'p1', name: 'Alice Doe', key: key('Alice'), keyHex: `0x04${'ab'.repeat(64)}`, installation: '6d0d3a0e-6f0c-4c5e-9d2b-2f3c0c1f4c77',
  emojiHash: [...'🌵🦊🎻🍉🚲🧭🐙🌋🪁🍄🦉🧊🎈🥨'], colorHash: [[4, 2], [18, 3], [26, 1], [9, 4], [22, 2], [5, 3]] as [number, number][], bio: '',
};
const person = (name: string, more: Partial<Contact> = {}): Contact => ({
  key: key(name), name, displayName: name, state: 'mutual', emojiHash: [...'🍋🐬🪕🚀🌻🧩🦔🍪🎺🪐🐢🥑🧶🏔'].slice(0, 14),
  colorHash: [...name].slice(0, 7).map((letter, at) => [(letter.charCodeAt(0) * 7) % 32, 1 + (at % 4)] as [number, number]), ...more,
});
export const people: Contact[] = [
  person('Bob Summer', { presence: { state: 'online' }, verifiedAt: NOW, trust: 'trusted', bio: 'Climbs, bakes, forgets where he put his keys.' }),
  person('Carla Novak', { presence: { state: 'away' } }),
  person('Dmitri', { presence: { state: 'online' } }),
  person('Eun-ji Park'),
  person('Farid', { state: 'asking', note: 'Hi Alice, we met at the climbing wall on Thursday. May I write to you here?' }),
  person('Greta', { state: 'asked', note: 'Hello! I would like to write to you here.' }),
  person('Spammer 3000', { state: 'blocked' }),
];
const bob = people[0]!;
const carla = people[1]!;
const dmitri = people[2]!;
const eunji = people[3]!;

let counter = 0;
export function message(chat: string, author: Contact | 'me' | undefined, text: string, at: number, more: Partial<Message> = {}): Message {
  counter += 1;
  const own = author === 'me';
  return {
    id: `0x${counter.toString(16).padStart(64, '0')}`, chat, kind: 'text', author: own ? me.key : author?.key ?? '', authorName: own ? me.name : author?.name ?? '', own,
    text, sentAt: at, clock: at, read: true, ...(own ? { delivery: 'delivered' as const } : {}), ...more,
  };
}

export const messages = new Map<string, Message[]>();
function chat(id: string, list: Message[]) {
  messages.set(id, list.sort((a, b) => a.clock - b.clock));
}
const image = (id: string, width: number, height: number) => ({ id, kind: 'image' as const, name: `${id}.jpg`, mime: 'image/jpeg', size: 240_000, width, height, path: `/v1/profiles/p1/media/${id}` });

const yesterday = NOW - DAY;
const first = message('bob', bob, 'Are you coming to the rocks on **Saturday**?', yesterday - 3 * HOUR);
const plan = message('bob', 'me', 'Yes! Eight o’clock at the station?', yesterday - 3 * HOUR + 2 * MINUTE, { replyTo: { id: first.id, author: bob.key, authorName: bob.name, text: first.text, kind: 'text' }, reactions: [{ emoji: '👍', count: 1, own: false, names: ['Bob Summer'] }], pinned: true });
chat('bob', [
  message('bob', undefined, 'Bob Summer accepted your request. You can write to each other now.', yesterday - 4 * HOUR, { kind: 'system' }),
  message('bob', bob, 'Hello Alice 👋', yesterday - 4 * HOUR + MINUTE),
  message('bob', bob, 'So nobody runs this for us?', yesterday - 4 * HOUR + 2 * MINUTE),
  message('bob', 'me', 'Five strangers do, and none of them can read it.', yesterday - 4 * HOUR + 5 * MINUTE),
  first, plan,
  message('bob', bob, 'Perfect. I bring the rope, you bring the *good* coffee?', yesterday - 3 * HOUR + 4 * MINUTE),
  message('bob', 'me', 'Deal ☕️', yesterday - 3 * HOUR + 5 * MINUTE, { reactions: [{ emoji: '❤️', count: 2, own: true }, { emoji: '😂', count: 1, own: false }] }),
  message('bob', bob, '', NOW - 5 * HOUR, { kind: 'image', attachments: [image('rocks', 1600, 1066)] }),
  message('bob', bob, 'That is the wall from last year. The route on the left is new, and there is a description of it at https://routes.example/north-face (page 12).', NOW - 5 * HOUR + MINUTE, { links: [{ url: 'https://routes.example/north-face', title: 'North face, sector C: fourteen routes', description: 'Limestone, 4a to 7b. Shade in the morning; the descent is on the right.', site: 'routes.example' }] }),
  message('bob', 'me', 'Beautiful. I would start with the easy one 😅', NOW - 4 * HOUR, { editedAt: NOW - 4 * HOUR + MINUTE }),
  message('bob', bob, '', NOW - 3 * HOUR, { kind: 'audio', attachments: [{ id: 'a1', kind: 'audio', mime: 'audio/aac', size: 42_000, durationMs: 14_200, path: '/v1/profiles/p1/media/a1' }] }),
  message('bob', 'me', '', NOW - 3 * HOUR + 4 * MINUTE, { kind: 'file', attachments: [{ id: 'f1', kind: 'file', name: 'north-face-topo-2026.pdf', mime: 'application/pdf', size: 1_840_000, state: 'complete', path: '/v1/profiles/p1/media/f1' }] }),
  message('bob', bob, 'The weather looks good too:\n> Saturday: sunny, 18 °C, no wind\n`rain: 0 mm`', NOW - 70 * MINUTE),
  message('bob', 'me', 'Then nothing can stop us.', NOW - 60 * MINUTE, { delivery: 'delivered' }),
  message('bob', bob, 'See you there!', NOW - 12 * MINUTE, { read: false }),
  message('bob', bob, '🧗', NOW - 11 * MINUTE, { read: false, emojiOnly: true }),
]);
chat('group', [
  message('group', undefined, 'Carla Novak created the group “Sunday dinner”', NOW - 2 * DAY, { kind: 'system' }),
  message('group', carla, 'Who cooks this time?', NOW - 2 * DAY + MINUTE),
  message('group', dmitri, 'Not me, after last time 🔥', NOW - 2 * DAY + 3 * MINUTE, { reactions: [{ emoji: '😂', count: 3, own: true, names: ['Alice Doe', 'Carla Novak', 'Eun-ji Park'] }] }),
  message('group', eunji, 'I can make bibimbap if somebody brings the eggs', NOW - 2 * DAY + 6 * MINUTE),
  message('group', 'me', 'Eggs are on me', NOW - 2 * DAY + 9 * MINUTE, { delivery: 'sent' }),
  ...['table1', 'table2', 'table3', 'table4'].map((name, at) => message('group', carla, at === 0 ? 'The table is ready' : '', NOW - 5 * HOUR + at, { kind: 'image', attachments: [{ ...image(name, 1200, 900), album: 'x', albumSize: 4 }] })),
  message('group', dmitri, `@${me.key} can you bring the big pot too?`, NOW - 25 * MINUTE, { read: false, blocks: [{ kind: 'paragraph', spans: [{ kind: 'mention', text: `@${me.name}`, key: me.key }, { kind: 'text', text: ' can you bring the big pot too?' }] }], mentionsMe: true }),
  message('group', eunji, 'Something was here', NOW - 24 * MINUTE, { read: false, deleted: true, text: '' }),
]);
chat('carla', [
  message('carla', carla, 'Did you see the film?', NOW - 3 * DAY),
  message('carla', 'me', 'Not yet, no spoilers please!', NOW - 3 * DAY + HOUR, { delivery: 'failed' }),
]);
chat('eunji', [message('eunji', 'me', 'Thanks again for the recipe', NOW - 4 * DAY, { delivery: 'sent' })]);
chat('public', [message('public', person('Stranger'), 'Is there a mirror of the archive?', NOW - 6 * HOUR), message('public', 'me', 'Look at the pinned message in #archive.', NOW - 6 * HOUR + 4 * MINUTE, { delivery: 'sent' })]);
chat('farid', [message('farid', people[4], people[4]!.note!, NOW - 40 * MINUTE, { kind: 'contact-request', read: false })]);

export const gaps = [{ before: 'x', clock: messages.get('bob')!.at(-4)!.clock, count: 2, state: 'searching' as const }];

export const chats = new Map<string, Chat>();
/** What the daemon says of a chat of this kind. */
export function can(kind: Chat['kind']): Chat['can'] {
  return kind === 'public' ? { write: true } : { write: true, pictures: true, sounds: true, files: true, largeFiles: kind === 'one-to-one', pin: true };
}
function add(chat: Omit<Chat, 'unread' | 'activeAt' | 'can'>) {
  const list = messages.get(chat.id) ?? [];
  const last = list.at(-1);
  chats.set(chat.id, { ...chat, can: can(chat.kind), unread: list.filter((entry) => !entry.own && !entry.read).length, activeAt: last?.sentAt ?? NOW, ...(last ? { lastMessage: last } : {}) });
}
add({ id: 'bob', kind: 'one-to-one', name: bob.name, contact: bob.key, pinnedCount: 1 });
const members = [{ key: me.key, name: me.name, role: 'member' as const, own: true }, { key: carla.key, name: carla.name, role: 'admin' as const }, { key: dmitri.key, name: dmitri.name, role: 'member' as const }, { key: eunji.key, name: eunji.name, role: 'member' as const}];
add({ id: 'group', kind: 'group', name: 'Sunday dinner', mentions: 1, memberCount: 4 });
export const groups = new Map<string, Group>([['group', { id: 'group', name: 'Sunday dinner', standing: 'in', members }], ['long', { id: 'long', name: 'Very long chat', standing: 'in', members }]]);
add({ id: 'farid', kind: 'one-to-one', name: 'Farid', contact: people[4]!.key });
add({ id: 'carla', kind: 'one-to-one', name: carla.name, contact: carla.key });
add({ id: 'eunji', kind: 'one-to-one', name: eunji.name, contact: eunji.key, mutedUntil: NOW + DAY });
add({ id: 'public', kind: 'public', name: 'archive-friends' });

/** A chat that is long enough to be hard. */
export function long(count: number): void {
  const words = 'rope coffee station weather sunny morning wall route easy left shade rain wind bring meet again maybe never always river north stone'.split(' ');
  const list: Message[] = [];
  for (let at = 0; at < count; at += 1) {
    const length = 3 + ((at * 7919) % 40);
    const text = Array.from({ length }, (_, word) => words[(at * 31 + word * 17) % words.length]).join(' ');
    list.push(message('long', at % 3 === 0 ? 'me' : carla, `${at}: ${text}`, NOW - (count - at) * 3 * MINUTE));
  }
  messages.set('long', list);
  add({ id: 'long', kind: 'group', name: 'Very long chat', memberCount: 4 });
}
export function many(count: number): void {
  for (let at = 0; at < count; at += 1) {
    const id = `many${at}`;
    messages.set(id, [message(id, carla, `Message number ${at}`, NOW - at * HOUR)]);
    add({ id, kind: 'one-to-one', name: `Person ${at}` });
  }
}

export const settings: Settings = { mode: 'relay', shareMegabytes: 1000, shareHours: 48, requestsFrom: 'everyone', groupInvitationsFrom: 'contacts', linkPreviews: 'ask', profileFor: 'contacts', pictureFor: 'contacts', picturesOf: 'contacts', notifications: { doNotDisturb: false, preview: 'name', oneToOne: 'alert', group: 'alert', mention: 'alert', everyone: 'quiet', other: 'off', requests: 'alert', events: 'quiet' } };
export const activity: Activity[] = [
  { id: 'a1', kind: 'mention', at: NOW - 25 * MINUTE, read: false, person: dmitri.key, personName: dmitri.name, chat: 'group', chatName: 'Sunday dinner', message: messages.get('group')!.at(-2)! },
  { id: 'a2', kind: 'contact-request', at: NOW - 40 * MINUTE, read: false, person: people[4]!.key, personName: 'Farid', detail: people[4]!.note!, answer: 'pending' },
  { id: 'a3', kind: 'reply', at: NOW - 5 * HOUR, read: true, person: bob.key, personName: bob.name, chat: 'bob', chatName: bob.name, message: messages.get('bob')![6]! },
  { id: 'a4', kind: 'contact-accepted', at: NOW - 2 * DAY, read: true, person: bob.key, personName: bob.name },
];
const peer = (at: number) => ({ peerId: `16Uiu2HAm${'QwErTyUiPaSdFgHjKzXcVbNm'.slice(at)}${at}kPq9`, address: `/ip4/203.0.113.${at * 7 + 4}/tcp/30303`, protocols: at % 3 === 0 ? ['relay', 'store'] : at % 3 === 1 ? ['relay'] : ['relay', 'filter', 'lightpush'], latencyMs: 18 + at * 37, inMesh: at !== 4, agent: at % 2 ? 'nwaku-v0.36.0' : 'undertone/0.1.0', transport: 'tcp' as const, outbound: at % 3 !== 2, since: NOW - at * HOUR });
export const node: NodeStatus = {
  mode: 'relay', connectivity: 'online', peerId: '16Uiu2HAmAliceAliceAliceAlice', addresses: ['/ip4/192.0.2.10/tcp/40111/p2p/16Uiu2HAmAliceAliceAliceAlice'], cluster: 16, shards: [32, 64],
  peers: Array.from({ length: 7 }, (_, at) => peer(at)), bytesIn: 48_300_000, bytesOut: 31_200_000, sharing: { messages: 18_240, bytes: 212_000_000 }, historyGaps: 0, outbox: 0,
  asked: [peer(0).peerId, peer(3).peerId], mesh: [{ topic: '/waku/2/rs/16/32', peers: [0, 1, 2, 3].map((at) => peer(at).peerId) }, { topic: '/waku/2/rs/16/64', peers: [0, 1, 3].map((at) => peer(at).peerId) }],
  traffic: [{ purpose: 'own', bytesIn: 3_100_000, bytesOut: 900_000 }, { purpose: 'others', bytesIn: 38_000_000, bytesOut: 29_000_000 }, { purpose: 'store', bytesIn: 7_000_000, bytesOut: 1_250_000 }, { purpose: 'nodes', bytesIn: 200_000, bytesOut: 50_000 }],
};
const CONTENT_TOPIC = '/waku/1/0x5dcb7a91/rfc26';
export const trace: Trace = {
  message: '0x01', own: true, text: 31, keptUntil: NOW + 30 * DAY,
  parcels: [{
    person: bob.key, name: bob.name, at: NOW - HOUR, signed: 214, synced: 262, encrypted: 531, place: 'negotiated', pubsubTopic: '/waku/2/rs/16/64', contentTopic: CONTENT_TOPIC, segments: 1,
    keys: [
      { installation: '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d', scheme: 'ratchet', chain: '03c4f7a2b19e4a10', number: 12, acknowledgedAt: NOW - HOUR + 900, fate: 'erased' },
      { installation: '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed', scheme: 'founding', chain: '0277aa01c3d200ff', number: 0, fate: 'erased' },
    ],
    envelopes: [{
      hash: '0xc2e70e28f1a94c0db1be83db1a5e2d64b70f9e1ac2f0b1d9e8c7a6b5d4e3f201', segment: 0, data: 531, padded: 768, sealed: 796, wire: 845, outcome: 'taken', at: NOW - HOUR, peers: 7,
      seen: [{ way: 'handed', peer: '16Uiu2HAmQwErTy0kPq9', at: NOW - HOUR }, { way: 'handed', peer: '16Uiu2HAmErTyUi3kPq9', at: NOW - HOUR }, { way: 'store', peer: '16Uiu2HAmErTyUi3kPq9', at: NOW - HOUR + 600_000 }],
      fields: [
        { name: 'payload', bytes: 799, value: '8f3a1c5e77b0d2940a6be1f2c3a49857' }, { name: 'contentTopic', bytes: 26, value: CONTENT_TOPIC }, { name: 'version', bytes: 2, value: '1' },
        { name: 'timestamp', bytes: 10, value: String(BigInt(NOW - HOUR) * 1_000_000n) }, { name: 'meta', bytes: 2 }, { name: 'ephemeral', bytes: 3 }, { name: 'other', bytes: 3 },
      ],
    }],
  }],
};
