/**
 * A stand-in for the daemon during development: answers from `world.ts`, streams events, and sends the same security
 * headers. `npm run dev` uses it unless `UNDERTONE` names the address of a real daemon to pass requests on to.
 */
import { createHmac } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Plugin } from 'vite';
import { WebSocketServer, type WebSocket } from 'ws';
import { OPERATIONS } from '../src/api/features.ts';
import type { Item, Message } from '../src/api/types.ts';
import * as world from './world.ts';

const KEY = 'fixture';
const RUN = 'run';
const EPOCH = `e${process.pid}`;
const mac = (...parts: string[]) => createHmac('sha256', KEY).update(parts.join('\n')).digest('hex');

export function fixture(): Plugin {
  return {
    name: 'undertone-fixture',
    configureServer(server) {
      install(server.middlewares, server.httpServer as Server | null, false);
    },
    configurePreviewServer(server) {
      install(server.middlewares, server.httpServer as Server, true);
    },
  };
}

type Next = () => void;

function install(middlewares: { use(handler: (request: IncomingMessage, response: ServerResponse, next: Next) => void): void }, http: Server | null, strict: boolean): void {
  const profiles = new Map<string, 'locked' | 'unlocked'>();
  if (process.env['FIXTURE_PROFILES'] !== '0') profiles.set('p1', 'locked');
  if (process.env['FIXTURE_LONG']) world.long(Number(process.env['FIXTURE_LONG']));
  if (process.env['FIXTURE_MANY']) world.many(Number(process.env['FIXTURE_MANY']));
  const sockets = new Set<WebSocket>();
  let seq = 0;
  const emit = (...items: Item[]) => {
    seq += 1;
    for (const socket of sockets) socket.send(JSON.stringify({ type: 'event', epoch: EPOCH, seq, items }));
  };
  const wss = new WebSocketServer({ noServer: true, handleProtocols: () => 'undertone.v1' });
  http?.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://x');
    if (!url.pathname.endsWith('/events')) return;
    wss.handleUpgrade(request, socket, head, (client) => {
      sockets.add(client);
      client.on('close', () => sockets.delete(client));
      const since = url.searchParams.get('since');
      const known = url.searchParams.get('epoch') === EPOCH && Number(since) === seq;
      client.send(JSON.stringify({ type: since && !known ? 'reset' : 'joined', epoch: EPOCH, seq }));
    });
  });

  const profile = (id: string) => ({ id, name: world.me.name, state: profiles.get(id)!, createdAt: world.NOW });
  const touch = (message: Message, items: Item[] = []) => {
    const chat = world.chats.get(message.chat)!;
    const list = world.messages.get(message.chat)!;
    const last = list.at(-1);
    world.chats.set(chat.id, { ...chat, activeAt: last?.sentAt ?? chat.activeAt, ...(last ? { lastMessage: last } : {}), unread: list.filter((entry) => !entry.own && !entry.read).length });
    emit({ kind: 'message', value: message }, { kind: 'chat', value: world.chats.get(chat.id)! }, ...items);
  };
  const replace = (id: string, change: Partial<Message>) => {
    for (const list of world.messages.values()) {
      const at = list.findIndex((entry) => entry.id === id);
      if (at < 0) continue;
      list[at] = { ...list[at]!, ...change };
      touch(list[at]!);
      return list[at];
    }
    return undefined;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const body = await read(request);
    const send = (status: number, value: unknown) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    const parts = url.pathname.split('/').slice(2).map(decodeURIComponent);
    const json = () => (body.length > 0 ? JSON.parse(body.toString()) : {}) as Record<string, unknown>;
    const verb = `${request.method} ${parts[0]}`;
    if (url.pathname === '/v1/door/hello') return send(200, { run: RUN, proof: mac('undertone daemon', String(json()['nonce']), RUN, request.headers.host!) });
    if (url.pathname === '/v1/door/key') return send(200, { key: KEY });
    if (url.pathname === '/v1/openapi.json') return send(200, document());
    if (verb === 'GET status') return send(200, { version: '0.1.0', startedAt: world.NOW, profiles: [...profiles.keys()].map(profile) });
    if (parts[0] !== 'profiles') return send(404, { code: 'not_found', message: 'no such path' });
    if (request.method === 'POST' && (parts.length === 1 || parts[1] === 'restore')) {
      if (parts[1] === 'restore' && String(json()['phrase']).startsWith('zoo')) return send(422, { code: 'bad_phrase', message: 'these words do not fit together; one of them is probably wrong or in the wrong place' });
      profiles.set('p1', 'unlocked');
      return send(201, profile('p1'));
    }
    const rest = parts.slice(2).join('/');
    const of = `${request.method} ${rest}`;
    const id = parts[3] ?? '';
    if (of === 'POST unlock') {
      if (json()['password'] === 'wrong password') return send(403, { code: 'wrong_password', message: 'the password does not open the profile' });
      profiles.set('p1', 'unlocked');
      return send(200, profile('p1'));
    }
    if (of === 'POST lock') {
      profiles.set('p1', 'locked');
      for (const socket of sockets) { socket.send(JSON.stringify({ type: 'signal', signal: { kind: 'locked' } })); socket.close(1000, 'locked'); }
      return send(200, profile('p1'));
    }
    if (of === 'POST phrase/question') return send(200, { places: [3, 8] });
    if (of === 'POST phrase/confirm') return send(200, Object.assign(world.me, { phrase: 'confirmed' }));
    if (of === 'POST links') return send(200, { kind: 'person', link: '', plain: '', key: world.people[3]!.key, name: 'Eun-ji Park' });
    if (of === 'POST uploads') return send(201, { id: `u${seq++}`, kind: url.searchParams.get('kind'), size: body.length });
    if (of === 'PUT screen') return send(200, {});
    if (of === 'POST phrase') return send(200, { phrase: 'panda eyebrow bullet gorilla call smoke muffin taste mesh discover soft ostrich' });
    if (of === 'GET account' || of === 'PATCH account') { Object.assign(world.me, json()); return send(200, world.me); }
    if (of === 'GET link') return send(200, { kind: 'person', link: `https://status.app/u#${world.me.key}`, plain: '', key: world.me.key });
    if (of === 'GET settings') return send(200, world.settings);
    if (of === 'PUT settings') return send(200, Object.assign(world.settings, json()));
    if (of === 'GET node') return send(200, world.node);
    if (of === 'GET contacts') return send(200, world.people);
    if (of === 'GET activity') return send(200, { items: world.activity, unread: world.activity.filter((entry) => !entry.read).length });
    if (of === 'GET chats') return send(200, { items: [...world.chats.values()] });
    if (of === 'POST groups' || of === 'POST public-chats') {
      const group = of === 'POST groups';
      const made = { id: `c${seq}`, kind: group ? ('group' as const) : ('public' as const), name: String(json()['name']), can: world.can(group ? 'group' : 'public'), unread: 0, activeAt: Date.now(), ...(group ? { memberCount: 1 } : {}) };
      world.chats.set(made.id, made);
      world.messages.set(made.id, []);
      emit({ kind: 'chat', value: made });
      if (group) world.groups.set(made.id, { id: made.id, name: made.name, standing: 'in', members: [{ key: world.me.key, name: world.me.name, role: 'admin', own: true }] });
      return send(201, made);
    }
    if (/^GET groups\/[^/]+$/.test(of) && world.groups.has(id)) return send(200, world.groups.get(id));
    if (/^GET groups\/[^/]+\/events$/.test(of)) return send(200, [{ clock: 1, author: world.me.key, authorName: world.me.name, kind: 'created', text: world.groups.get(id)?.name }]);
    if (/^GET chats\/[^/]+\/messages$/.test(of)) {
      const list = world.messages.get(id) ?? [];
      const limit = Number(url.searchParams.get('limit') ?? 50);
      const [before, after, around] = ['before', 'after', 'around'].map((name) => url.searchParams.get(name));
      const at = list.findIndex((entry) => entry.id === around);
      if (around && at < 0) return send(404, { code: 'message_not_found', message: 'there is no such message' });
      const half = Math.ceil(limit / 2);
      const [start, end] = around ? [at - half, at + half + 1] : after ? [Number(after), Number(after) + limit] : [Number(before ?? list.length) - limit, Number(before ?? list.length)];
      return send(200, {
        items: list.slice(Math.max(0, start), end).reverse(), ...(id === 'bob' ? { gaps: world.gaps } : {}),
        ...(start > 0 && !after ? { next: String(start) } : {}), ...(end < list.length && !before ? { newer: String(end) } : {}),
      });
    }
    if (/^PUT chats\/[^/]+\/draft$/.test(of)) {
      const chat = { ...world.chats.get(id)! };
      delete chat.draft;
      if (json()['text'] || json()['replyTo'] || json()['edits']) chat.draft = json();
      world.chats.set(id, chat);
      emit({ kind: 'chat', value: chat });
      return send(200, {});
    }
    if (/^POST chats\/[^/]+\/messages$/.test(of)) {
      const { text, replyTo } = json() as { text: string; replyTo?: string };
      const list = world.messages.get(id)!;
      const quoted = list.find((entry) => entry.id === replyTo);
      const made = world.message(id, 'me', text, Date.now(), { delivery: 'queued', ...(quoted ? { replyTo: { id: quoted.id, authorName: quoted.authorName, text: quoted.text, kind: quoted.kind } } : {}) });
      list.push(made);
      touch(made);
      setTimeout(() => replace(made.id, { delivery: 'sent' }), 400);
      setTimeout(() => replace(made.id, { delivery: 'delivered' }), 1200);
      return send(201, { messageId: made.id });
    }
    if (/^POST chats\/[^/]+\/read$/.test(of)) {
      const list = world.messages.get(id) ?? [];
      list.forEach((entry, at) => (list[at] = { ...entry, read: true }));
      const chat = { ...world.chats.get(id)!, unread: 0, mentions: 0 };
      world.chats.set(id, chat);
      emit({ kind: 'chat', value: chat });
      return send(200, {});
    }
    if (/^GET chats\/[^/]+\/pinned$/.test(of)) return send(200, { items: (world.messages.get(id) ?? []).filter((entry) => entry.pinned) });
    if (/^GET messages\/[^/]+$/.test(of)) return send(200, [...world.messages.values()].flat().find((entry) => entry.id === id));
    if (/^GET messages\/[^/]+\/(trace|details)$/.test(of)) return send(200, { ...world.trace, message: id });
    if (/^PATCH messages\/[^/]+$/.test(of)) return send(200, replace(id, { text: String(json()['text']), editedAt: Date.now() }));
    if (/^DELETE messages\/[^/]+$/.test(of)) return send(200, replace(id, { deleted: true, text: '' }));
    if (/^(PUT|DELETE) messages\/[^/]+\/pin$/.test(of)) return send(200, replace(id, { pinned: request.method === 'PUT' }));
    if (/^(PUT|DELETE) messages\/[^/]+\/reactions\//.test(of)) {
      const emoji = parts[5]!;
      const message = [...world.messages.values()].flat().find((entry) => entry.id === id)!;
      const others = (message.reactions ?? []).filter((entry) => entry.emoji !== emoji);
      const old = message.reactions?.find((entry) => entry.emoji === emoji);
      const count = (old?.count ?? 0) + (request.method === 'PUT' ? 1 : -1);
      return send(200, replace(id, { reactions: count > 0 ? [...others, { emoji, count, own: request.method === 'PUT' }] : others }));
    }
    if (of === 'GET search') {
      const text = url.searchParams.get('text')!.toLowerCase();
      const chat = url.searchParams.get('chat');
      return send(200, { items: [...world.messages.values()].flat().filter((entry) => (!chat || entry.chat === chat) && entry.text.toLowerCase().includes(text)).slice(-40).reverse() });
    }
    if (/^GET contacts\/[^/]+\/safety$/.test(of)) return send(200, { digits: '', groups: '48291 57730 18264 49037 55120 98346 77120 05518 93362 10475 28830 66914'.split(' '), pictures: ['🍋 lemon', '🐬 dolphin', '🪕 banjo', '🚀 rocket', '🌻 sunflower', '🧩 puzzle', '🦔 hedgehog', '🍪 cookie', '🎺 trumpet', '🪐 planet'].map((entry) => ({ emoji: entry.split(' ')[0], name: entry.split(' ')[1] })) });
    if (/^POST contacts\/[^/]+\/(accept|decline|block|unblock)$/.test(of)) {
      const contact = world.people.find((entry) => entry.key === id)!;
      contact.state = ({ accept: 'mutual', decline: 'declined', block: 'blocked', unblock: 'stranger' } as const)[parts[4] as 'accept'];
      emit({ kind: 'contact', value: { ...contact } });
      return send(200, {});
    }
    if (of === 'POST contacts') return send(201, {});
    if (/^GET media\//.test(of)) {
      response.writeHead(200, { 'Content-Type': 'image/svg+xml' });
      return response.end(picture(id));
    }
    return send(404, { code: 'not_found', message: 'there is no such path; see /v1/openapi.json' });
  };

  middlewares.use((request, response, next) => {
    if (strict) response.setHeader('Content-Security-Policy', `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; connect-src 'self' ws://${request.headers.host}; worker-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'`);
    if (!request.url?.startsWith('/v1/')) return next();
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ code: 'internal', message: String(error) }));
    });
  });
}

/** Offers everything that the app knows of. */
function document() {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of Object.values(OPERATIONS)) {
    const [method = '', path = ''] = operation.split(' ');
    (paths[`/v1/profiles/{profile}${path.replaceAll('{}', '{id}')}`] ??= {})[method] = {};
  }
  return { paths };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function picture(name: string): string {
  const hue = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0) * 37, 0) % 360;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 400"><defs><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="hsl(${hue} 60% 78%)"/><stop offset="1" stop-color="hsl(${(hue + 40) % 360} 70% 90%)"/></linearGradient></defs><rect width="600" height="400" fill="url(#s)"/><circle cx="450" cy="90" r="42" fill="#fff6d8"/><path d="M0 300 150 130 260 260 370 90 600 320V400H0z" fill="hsl(${hue} 28% 42%)"/><path d="M0 340 120 270 300 350 460 280 600 360V400H0z" fill="hsl(${hue} 34% 28%)"/></svg>`;
}
