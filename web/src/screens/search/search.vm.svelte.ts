/** Searching everywhere: people and chats at once, messages a moment after the last key. */
import type { Chat, Contact, Message, Page } from '../../api/types.ts';
import type { Cache } from '../../state/cache.svelte.ts';
import { fold } from '../chats/chats.vm.svelte.ts';

export interface Api {
  search(text: string, chat?: string, signal?: AbortSignal): Promise<Page<Message>>;
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
  private running: AbortController | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly cache: Cache, private readonly api: Api, private readonly chat?: string, private readonly waitMs = 150) {}

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
    this.choice = 0;
    clearTimeout(this.timer);
    this.running?.abort();
    this.error = undefined;
    const wanted = text.trim();
    if (wanted.length < 2) {
      this.messages = [];
      this.busy = false;
      return;
    }
    this.busy = true;
    this.timer = setTimeout(() => void this.ask(wanted), this.waitMs);
  }

  move(step: number): void {
    const count = this.results.length;
    if (count > 0) this.choice = (this.choice + step + count) % count;
  }

  private async ask(text: string): Promise<void> {
    const running = new AbortController();
    this.running = running;
    try {
      const page = await this.api.search(text, this.chat, running.signal);
      if (!running.signal.aborted) this.messages = page.items;
    } catch (error) {
      if (!running.signal.aborted) this.error = error;
    } finally {
      if (this.running === running && !running.signal.aborted) this.busy = false;
    }
  }
}

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
