/**
 * Questions and commands to the daemon over HTTP. One function, `request`, does all of it; the rest gives names.
 *
 * Refusals become an `ApiError` with the daemon's stable code and its sentence for a person. A request that nobody answers
 * in time is refused with the code `unreachable`.
 */
import { NO_SESSION, PAGE_HEADER, type Entered } from './door.ts';
import type {
  Account, Activity, Attachment, BackupJob, Backups, Chat, ChatNotifications, Contact, DaemonStatus, ErrorBody, Group, GroupEvent, GroupRequest, Link, MadePreview, Message, MessagePage, Named, NodeStatus, Page, PresenceChoice, Profile, ProfileLink, Receipt, SafetyNumber, SavedDraft, Settings, StoredChat, Trace, Trust, Upload, Wanted,
} from './types.ts';

export class ApiError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, body: ErrorBody) {
    super(body.message);
    this.status = status;
    this.code = body.code;
  }
}

/** How a page proves that it is ours; the cookie goes by itself. */
export interface Proof {
  secret(): string | undefined;
  enter(): Promise<Entered>;
}

const ANSWER_WITHIN_MS = 30_000;
/** Large files take a while even on loopback: they are encrypted on the way. */
const UPLOAD_WITHIN_MS = 600_000;
const BYTES = 'application/octet-stream';
/** Characters; a browser lets 64 kB outlive a page. */
const KEEPALIVE = 10_000;

/** A step of a proof of identity by question and answer. */
export type Step = 'ask' | 'answer' | 'cancel' | 'decline' | 'trust' | 'distrust';

/** Which part of a chat's messages: the newest, or at one of these places. */
export interface Part { before?: string | undefined; after?: string | undefined; around?: string | undefined }

/** A text as its author wrote it. */
export interface Written { text: string; mentions?: Named[] }

export class Client {
  constructor(private readonly door: Proof) {}

  async request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const response = await this.raw(method, path, body === undefined ? undefined : JSON.stringify(body), signal, 'application/json');
    if (response.status === 204) return undefined as T;
    return (await response.json()) as T;
  }

  /** An answer that was not refused. A daemon that was restarted is shown our proof again. */
  async raw(method: string, path: string, body?: BodyInit, signal?: AbortSignal, type?: string, within = ANSWER_WITHIN_MS, keepalive = false): Promise<Response> {
    let response = await this.once(method, path, body, signal, type, within, keepalive);
    if (response.ok) return response;
    let why = await refusal(response);
    if (response.status === 401 && why.code === NO_SESSION && (await this.door.enter()) === 'in') {
      response = await this.once(method, path, body, signal, type, within, keepalive);
      if (response.ok) return response;
      why = await refusal(response);
    }
    throw new ApiError(response.status, why);
  }

  private async once(method: string, path: string, body: BodyInit | undefined, signal: AbortSignal | undefined, type: string | undefined, within: number, keepalive: boolean): Promise<Response> {
    const headers: Record<string, string> = {};
    const secret = this.door.secret();
    if (secret) headers[PAGE_HEADER] = secret;
    if (body !== undefined && type) headers['Content-Type'] = type;
    const limit = AbortSignal.timeout(within);
    try {
      return await fetch(path, {
        method,
        headers,
        body: body ?? null,
        credentials: 'same-origin',
        keepalive,
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(0, { code: 'unreachable', message: 'Undertone does not answer' });
    }
  }

  enter = () => this.door.enter();
  status = () => this.request<DaemonStatus>('GET', '/v1/status');
  createProfile = (name: string, password: string) =>
    this.request<Profile>('POST', '/v1/profiles', { name, password, unlock: true });
  restoreProfile = (name: string, password: string, phrase: string) =>
    this.request<Profile>('POST', '/v1/profiles/restore', { name, password, phrase, unlock: true });
  unlock = (profile: string, password: string) =>
    this.request<Profile>('POST', `/v1/profiles/${enc(profile)}/unlock`, { password });
  lock = (profile: string) => this.request<Profile>('POST', `/v1/profiles/${enc(profile)}/lock`);
  removeProfile = (profile: string) => this.request<unknown>('DELETE', `/v1/profiles/${enc(profile)}`);

  /** What belongs to one unlocked profile. */
  of(profile: string): ProfileClient {
    return new ProfileClient(this, `/v1/profiles/${enc(profile)}`);
  }
}

export class ProfileClient {
  constructor(private readonly client: Client, readonly root: string) {}

  private get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.client.request<T>('GET', this.root + path, undefined, signal);
  }
  private post<T = unknown>(path: string, body?: unknown): Promise<T> {
    return this.client.request<T>('POST', this.root + path, body);
  }

  account = () => this.get<Account>('/account');
  changeAccount = (change: { name: string }) =>
    this.client.request<Account>('PATCH', `${this.root}/account`, change);
  describe = (change: { bio?: string; colour?: number; links?: ProfileLink[] }) => this.client.request<Account>('PATCH', `${this.root}/description`, change);
  /** Our own profile as somebody else would show it. */
  seen = (by: 'contact' | 'stranger') => this.get<Contact>(`/seen/${by}`);
  setPicture = async (picture: Blob) => (await this.client.raw('PUT', `${this.root}/picture`, picture, undefined, BYTES)).json() as Promise<Account>;
  removePicture = () => this.client.request<Account>('DELETE', `${this.root}/picture`);
  setPresence = (presence: PresenceChoice, text = '') => this.client.request('PUT', `${this.root}/presence`, { presence, text });
  /** What is looked at, so that it is not told besides. */
  screen = (chat?: string) => this.client.request('PUT', `${this.root}/screen`, chat ? { chat } : {});
  settings = () => this.get<Settings>('/settings');
  saveSettings = (settings: Settings) => this.client.request<Settings>('PUT', `${this.root}/settings`, settings);
  node = () => this.get<NodeStatus>('/node');
  addNode = (address: string) => this.post<NodeStatus>('/node/added', { address });
  removeNode = (address: string) => this.client.request<NodeStatus>('DELETE', `${this.root}/node/added${query({ address })}`);
  phraseQuestion = () => this.post<{ places: [number, number] }>('/phrase/question');
  confirmPhrase = (words: [string, string]) => this.post<Account>('/phrase/confirm', { words });
  phrase = (password: string) => this.post<{ phrase: string }>('/phrase', { password });
  changePassword = (old: string, fresh: string) => this.post('/password', { old, new: fresh });

  chats = (before?: string) => this.get<Page<Chat>>(`/chats${query({ before, limit: 200 })}`);
  chat = (id: string) => this.get<Chat>(`/chats/${enc(id)}`);
  markRead = (chat: string) => this.post(`/chats/${enc(chat)}/read`);
  messages = (chat: string, part: Part = {}, limit = 60) =>
    this.get<MessagePage>(`/chats/${enc(chat)}/messages${query({ ...part, limit })}`);
  /** Goes out even if the page is closed meanwhile. */
  keepDraft = (chat: string, draft: SavedDraft) =>
    this.client.raw('PUT', `${this.root}/chats/${enc(chat)}/draft`, JSON.stringify(draft), undefined, 'application/json', undefined, (draft.text?.length ?? 0) < KEEPALIVE);
  message = (id: string) => this.get<Message>(`/messages/${enc(id)}`);
  send = (chat: string, text: Written, replyTo?: string, previews: string[] = []) =>
    this.post<{ messageId: string }>(`/chats/${enc(chat)}/messages`, { ...text, ...(replyTo ? { replyTo } : {}), ...(previews.length > 0 ? { previews } : {}) });
  /** Asks the page, from this computer's address. */
  makePreview = (url: string) => this.post<MadePreview>('/previews', { url });
  resend = (id: string) => this.post(`/messages/${enc(id)}/resend`);
  search = (wanted: Wanted, signal?: AbortSignal) => this.get<Page<Message>>(`/search${query({ ...wanted, limit: 40 })}`, signal);

  edit = (id: string, text: Written) => this.client.request('PATCH', `${this.root}/messages/${enc(id)}`, text);
  remove = (id: string, everyone: boolean) =>
    this.client.request('DELETE', `${this.root}/messages/${enc(id)}${query({ for: everyone ? 'everyone' : 'me' })}`);
  react = (id: string, emoji: string, on: boolean) =>
    this.client.request(on ? 'PUT' : 'DELETE', `${this.root}/messages/${enc(id)}/reactions/${enc(emoji)}`);
  pin = (id: string, on: boolean) => this.client.request(on ? 'PUT' : 'DELETE', `${this.root}/messages/${enc(id)}/pin`);
  pinned = (chat: string) => this.get<Page<Message>>(`/chats/${enc(chat)}/pinned`);
  trace = (id: string) => this.get<Trace>(`/messages/${enc(id)}/trace`);

  contacts = () => this.get<Contact[] | Page<Contact>>('/contacts').then(items);
  askContact = (key: string, note: string) => this.post<Contact>('/contacts', { key, note });
  contactAction = (key: string, action: 'accept' | 'decline' | 'block' | 'unblock' | 'retract') =>
    this.post(`/contacts/${enc(key)}/${action}`);
  removeContact = (key: string) => this.post(`/contacts/${enc(key)}/remove`);
  nickname = (key: string, nickname: string) =>
    this.client.request('PUT', `${this.root}/contacts/${enc(key)}/nickname`, { nickname });

  /** What both sides see if nobody stands between them. */
  safety = (key: string) => this.get<SafetyNumber>(`/contacts/${enc(key)}/safety`);
  trust = (key: string, trust: Trust) => this.client.request('PUT', `${this.root}/contacts/${enc(key)}/trust`, { trust });
  verified = (key: string, verified: boolean) => this.client.request('PUT', `${this.root}/contacts/${enc(key)}/verified`, { verified });
  verify = (key: string, step: Step, text?: string) => this.post<Contact>(`/contacts/${enc(key)}/verification/${step}`, text === undefined ? {} : { text });
  link = (of?: string) => this.get<Link>(`/link${query({ of })}`);
  readLink = (link: string) => this.post<Link>('/links', { link });

  activity = (before?: string) => this.get<Page<Activity> & { unread: number }>(`/activity${query({ before, limit: 100 })}`);
  answer = (id: string, answer: 'accept' | 'dismiss') => this.post(`/activity/${enc(id)}/${answer}`);
  readOne = (id: string) => this.post(`/activity/${enc(id)}/read`);
  readActivity = () => this.post('/activity/read');

  createGroup = (name: string, members: string[]) => this.post<Group>('/groups', { name, members });
  group = (id: string) => this.get<Group>(`/groups/${enc(id)}`);
  groupEvents = (id: string) => this.get<GroupEvent[]>(`/groups/${enc(id)}/events`);
  changeGroup = (id: string, change: { name?: string; colour?: string }) => this.client.request<Group>('PATCH', `${this.root}/groups/${enc(id)}`, change);
  setGroupPicture = async (id: string, picture: Blob) => (await this.client.raw('PUT', `${this.root}/groups/${enc(id)}/picture`, picture, undefined, BYTES)).json() as Promise<Group>;
  addMembers = (id: string, members: string[]) => this.post<Group>(`/groups/${enc(id)}/members`, { members });
  removeMember = (id: string, key: string) => this.client.request<Group>('DELETE', `${this.root}/groups/${enc(id)}/members/${enc(key)}`);
  makeAdmin = (id: string, key: string) => this.client.request<Group>('PUT', `${this.root}/groups/${enc(id)}/admins/${enc(key)}`);
  stepDown = (id: string) => this.client.request<Group>('DELETE', `${this.root}/groups/${enc(id)}/admin`);
  answerRequest = (id: string, key: string, answer: 'accept' | 'decline') => this.post<Group>(`/groups/${enc(id)}/requests/${enc(key)}/${answer}`);
  askToJoin = (group: string, admin: string, introduction: string) => this.post('/group-requests', { group, admin, introduction });
  /** What others ask of us and we of others, and nobody answered. */
  groupRequests = () => this.get<GroupRequest[]>('/group-requests');
  receipts = (message: string) => this.get<Receipt[]>(`/messages/${enc(message)}/receipts`);
  joinPublic = (name: string) => this.post<Chat>('/public-chats', { name });
  leave = (chat: string) => this.post(`/chats/${enc(chat)}/leave`);
  mute = (chat: string, mute: 'off' | 'forever' | { minutes: number }) =>
    this.client.request<Chat>('PUT', `${this.root}/chats/${enc(chat)}/mute`, { mute });
  chatNotifications = (chat: string) => this.get<ChatNotifications>(`/chats/${enc(chat)}/notifications`);
  setChatNotifications = (chat: string, chosen: ChatNotifications) => this.client.request<ChatNotifications>('PUT', `${this.root}/chats/${enc(chat)}/notifications`, chosen);
  /** What each chat takes, the largest first. */
  storage = () => this.get<StoredChat[]>('/storage');
  clear = (chat: string) => this.post(`/chats/${enc(chat)}/clear`);
  deleteChat = (chat: string) => this.client.request('DELETE', `${this.root}/chats/${enc(chat)}`);

  /** Hands over the bytes of something to send. */
  async upload(kind: Attachment['kind'], file: File): Promise<Upload> {
    const path = `${this.root}/uploads${query({ kind, name: kind === 'file' ? file.name : undefined })}`;
    return (await this.client.raw('POST', path, file, undefined, BYTES, UPLOAD_WITHIN_MS)).json() as Promise<Upload>;
  }

  sendAttachments = (chat: string, uploads: string[], text?: Written, replyTo?: string) =>
    this.post<{ messageId: string }>(`/chats/${enc(chat)}/attachments`, { uploads, ...text, ...(replyTo ? { replyTo } : {}) });
  backups = () => this.get<Backups>('/backups');
  createBackup = (messages: boolean) => this.post<BackupJob>('/backups', { messages });
  removeBackup = (name: string) => this.client.request('DELETE', `${this.root}/backups/${enc(name)}`);
  downloadBackup = async (name: string) => (await this.client.raw('GET', `${this.root}/backups/${enc(name)}`, undefined, undefined, undefined, UPLOAD_WITHIN_MS)).blob();
  /** The daemon reads the whole file before it answers, and changes nothing if it is not a backup of this profile. */
  restoreBackup = async (file: Blob) => (await this.client.raw('POST', `${this.root}/backups/restore`, file, undefined, BYTES, UPLOAD_WITHIN_MS)).json() as Promise<BackupJob>;
  /** A chat as an archive that anybody can read; the total is an estimate. */
  async exportChat(chat: string, signal: AbortSignal, progress: (done: number, total: number) => void): Promise<{ blob: Blob; name: string }> {
    const response = await this.client.raw('GET', `${this.root}/chats/${enc(chat)}/export`, undefined, signal, undefined, UPLOAD_WITHIN_MS);
    const total = Number(response.headers.get('undertone-estimate')) || 0;
    const name = fileName(response.headers.get('content-disposition'), 'chat.zip');
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let done = 0;
    for (const reader = response.body!.getReader(); ;) {
      const { value } = await reader.read();
      if (!value) return { blob: new Blob(parts, { type: 'application/zip' }), name };
      parts.push(value as Uint8Array<ArrayBuffer>);
      done += value.length;
      progress(done, total);
    }
  }

  fetchAttachment = (message: string) => this.post(`/messages/${enc(message)}/attachment/fetch`);
  cancelAttachment = (message: string) => this.post(`/messages/${enc(message)}/attachment/cancel`);

  /** A file of any size: it may take a while. */
  download = async (path: string) => (await this.client.raw('GET', path, undefined, undefined, undefined, UPLOAD_WITHIN_MS)).blob();

  /** A picture or a file, with the page's proof. */
  async blob(path: string, signal?: AbortSignal): Promise<Blob> {
    return (await this.client.raw('GET', path, undefined, signal)).blob();
  }
}

/** The name that a header gives to a file (RFC 8187). */
export function fileName(header: string | null, otherwise: string): string {
  try {
    return decodeURIComponent(/filename\*=UTF-8''([^;]+)/.exec(header ?? '')?.[1] ?? otherwise);
  } catch {
    return otherwise;
  }
}

async function refusal(response: Response): Promise<ErrorBody> {
  try {
    const body = (await response.json()) as Partial<ErrorBody>;
    if (typeof body.code === 'string' && typeof body.message === 'string') return body as ErrorBody;
  } catch {
    // Not JSON: somebody else's answer.
  }
  return { code: 'unavailable', message: `Undertone answered with ${response.status}` };
}

function items<T>(list: T[] | Page<T>): T[] {
  return Array.isArray(list) ? list : list.items;
}

function enc(part: string): string {
  return encodeURIComponent(part);
}

function query(fields: Record<string, string | number | undefined>): string {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '');
  return set.length === 0 ? '' : `?${new URLSearchParams(set.map(([key, value]) => [key, String(value)]))}`;
}
