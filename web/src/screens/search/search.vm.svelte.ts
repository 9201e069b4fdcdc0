/** Searching everywhere: people and chats at once, messages a moment after the last key. */
import type { Chat, Contact, Message, Page, Wanted } from '../../api/types.ts';
import type { Cache } from '../../state/cache.svelte.ts';
import { fold } from '../chats/chats.vm.svelte.ts';

export interface Api {
  search(wanted: Wanted, signal?: AbortSignal): Promise<Page<Message>>;
}

/** What is looked for besides words. */
export interface Filter {
  kind: '' | 'text' | 'image' | 'audio' | 'file';
  /** Days back; 0: any time. */
  days: number;
  /** A person's key; empty: anyone. */
  person: string;
}

export type Result =
  | { kind: 'chat'; id: string; chat: Chat }
  | { kind: 'person'; id: string; person: Contact }
  | { kind: 'message'; id: string; message: Message };

export class SearchModel {
  query = $state('');
  choice = $state(0);
  messages = $state.raw<Message[]>([]);
  busy = $state(false);
  error = $state.raw<unknown>();
  filter = $state.raw<Filter>({ kind: '', days: 0, person: '' });
  /** Where the daemon would go on; the next part has to be asked for. */
  next = $state.raw<string | undefined>();
  private running: AbortController | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly cache: Cache, private readonly api: Api, private readonly chat?: string, private readonly waitMs = 150, private readonly now = () => Date.now()) {}

  readonly filtering = $derived(this.filter.kind !== '' || this.filter.days > 0 || this.filter.person !== '');
  /** Whether there is something to look for. */
  readonly wants = $derived(this.query.trim().length >= 2 || this.filtering);
  readonly chats: Chat[] = $derived.by(() => {
    const wanted = fold(this.query.trim());
    if (this.chat) return [];
    return this.cache.chatList.filter((chat) => fold(chat.name).includes(wanted)).slice(0, wanted ? 6 : 8);
  });
  readonly people: Contact[] = $derived.by(() => {
    const wanted = fold(this.query.trim());
    if (!wanted || this.chat) return [];
    const talked = new Set([...this.cache.chats.values()].map((chat) => chat.contact));
    return [...this.cache.contacts.values()].filter((person) => !talked.has(person.key) && fold(`${person.name} ${person.displayName ?? ''}`).includes(wanted)).slice(0, 5);
  });
  readonly results: Result[] = $derived([
    ...this.chats.map((chat) => ({ kind: 'chat' as const, id: `c${chat.id}`, chat })),
    ...this.people.map((person) => ({ kind: 'person' as const, id: `p${person.key}`, person })),
    ...this.messages.map((message) => ({ kind: 'message' as const, id: `m${message.id}`, message })),
  ]);

  type(text: string): void {
    this.query = text;
    this.again();
  }

  narrow(change: Partial<Filter>): void {
    this.filter = { ...this.filter, ...change };
    this.again();
  }

  /** Goes on where the last part ended. */
  more(): void {
    if (!this.next || this.busy) return;
    this.busy = true;
    void this.ask(this.next);
  }

  private again(): void {
    this.choice = 0;
    clearTimeout(this.timer);
    this.running?.abort();
    this.error = undefined;
    if (!this.wants) {
      this.messages = [];
      this.next = undefined;
      this.busy = false;
      return;
    }
    this.busy = true;
    this.timer = setTimeout(() => void this.ask(), this.waitMs);
  }

  move(step: number): void {
    const count = this.results.length;
    if (count > 0) this.choice = (this.choice + step + count) % count;
  }

  private async ask(before?: string): Promise<void> {
    const running = new AbortController();
    this.running = running;
    const { kind, days, person } = this.filter;
    const wanted: Wanted = { text: this.query.trim() };
    if (this.chat) wanted.chat = this.chat;
    if (kind) wanted.kinds = kind;
    if (days > 0) wanted.since = this.now() - days * DAY;
    if (person) wanted.person = person;
    if (before) wanted.before = before;
    try {
      const page = await this.api.search(wanted, running.signal);
      if (running.signal.aborted) return;
      this.messages = before ? [...this.messages, ...page.items] : page.items;
      this.next = page.next;
    } catch (error) {
      if (!running.signal.aborted) this.error = error;
    } finally {
      if (this.running === running && !running.signal.aborted) this.busy = false;
    }
  }
}

const DAY = 86_400_000;

/** A text cut around the first word that was found, in pieces: found or not. */
export function snippet(text: string, query: string, around = 60): { text: string; hit: boolean }[] {
  const words = query.trim().split(/\s+/).filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const flat = text.replace(/\s+/g, ' ');
  if (words.length === 0) return [{ text: flat, hit: false }];
  const pattern = new RegExp(`(${words.join('|')})`, 'giu');
  const first = flat.search(pattern);
  const from = first > around ? first - around : 0;
  const cut = (from > 0 ? '…' : '') + flat.slice(from, from + 3 * around) + (flat.length > from + 3 * around ? '…' : '');
  return cut.split(pattern).filter(Boolean).map((piece) => ({ text: piece, hit: words.some((word) => new RegExp(`^${word}$`, 'iu').test(piece)) }));
}
