/**
 * The messages of one chat as far as they are loaded: ordered by clock, then id, without gaps from `next` on to the newest.
 */
import type { Gap, Message, MessagePage } from '../api/types.ts';

export interface Source {
  messages(chat: string, before?: string, limit?: number): Promise<MessagePage>;
}

export type Loading = 'idle' | 'first' | 'older' | 'failed';

export class Timeline {
  /** Oldest first. Replaced as a whole, never changed in place. */
  items = $state.raw<readonly Message[]>([]);
  /** The last change added items before the first: a list keeps its position from the end. */
  prepended = $state.raw(false);
  /** What is missing among them, oldest place first. */
  gaps = $state.raw<readonly Gap[]>([]);
  loading = $state.raw<Loading>('idle');
  error = $state.raw<unknown>();
  loaded = $state.raw(false);
  /** A view is open on it. */
  shown = false;

  private next: string | undefined;
  private readonly index = new Map<string, Message>();
  private run = 0;
  private looking = false;

  constructor(readonly chat: string, private readonly source: Source) {}

  get hasOlder(): boolean {
    return !this.loaded || this.next !== undefined;
  }

  has(id: string): boolean {
    return this.index.has(id);
  }

  get(id: string): Message | undefined {
    return this.index.get(id);
  }

  positionOf(id: string): number {
    const message = this.index.get(id);
    return message ? position(this.items, message) : -1;
  }

  /** Loads the newest messages, if that was not done. */
  async open(): Promise<void> {
    if (this.loaded || this.loading === 'first') return;
    await this.load('first', undefined, FIRST_PAGE);
  }

  async older(limit = OLDER_PAGE): Promise<void> {
    if (!this.loaded || this.next === undefined || this.loading === 'older') return;
    await this.load('older', this.next, limit);
  }

  /** Loads until a message is there, at most so many pages. */
  async reach(id: string, pages = 60): Promise<boolean> {
    await this.open();
    for (let page = 0; page < pages && !this.index.has(id) && this.next !== undefined; page += 1) {
      await this.older(LARGEST_PAGE);
      if (this.loading === 'failed') return false;
    }
    return this.index.has(id);
  }

  /** What is here may be out of date: load again when it is next shown, or now if it is. */
  invalidate(): void {
    this.loaded = false;
    if (this.shown) void this.load('first', undefined, FIRST_PAGE);
  }

  put(message: Message): void {
    const old = this.index.get(message.id);
    if (!old && !this.loaded && this.loading !== 'first') return;
    const first = this.items[0];
    if (!old && first && this.next !== undefined && compare(message, first) < 0) return;
    this.index.set(message.id, message);
    const items = this.items.slice();
    if (old) {
      const at = position(items, old);
      if (compare(old, message) === 0) {
        items[at] = message;
        this.change(items, false);
        return;
      }
      items.splice(at, 1);
    }
    const at = insertion(items, message);
    items.splice(at, 0, message);
    this.change(items, false);
  }

  remove(id: string): void {
    const old = this.index.get(id);
    if (!old) return;
    this.index.delete(id);
    const items = this.items.slice();
    items.splice(position(items, old), 1);
    this.change(items, false);
  }

  private async load(what: 'first' | 'older', before: string | undefined, limit: number): Promise<void> {
    const run = ++this.run;
    this.loading = what;
    this.error = undefined;
    try {
      const page = await this.source.messages(this.chat, before, limit);
      if (run !== this.run) return;
      this.next = page.next;
      this.noteGaps(page, what === 'first');
      this.merge(page.items, what === 'first');
      this.loaded = true;
      this.loading = 'idle';
    } catch (error) {
      if (run !== this.run) return;
      this.error = error;
      this.loading = 'failed';
    }
  }

  /** Something about a message that is here changed: a gap may stand before it from now on. Many changes are one look. */
  lookForGaps(): void {
    if (!this.shown || this.looking) return;
    this.looking = true;
    setTimeout(() => {
      this.looking = false;
      void this.refreshGaps();
    }, LOOK_AFTER);
  }

  /** Asks again what is missing among the newest messages; for when some of it may have come. */
  async refreshGaps(): Promise<void> {
    try {
      const page = await this.source.messages(this.chat, undefined, LARGEST_PAGE);
      this.noteGaps(page, this.items.length <= page.items.length);
    } catch {
      // The old lines stay; they are asked for again.
    }
  }

  /** A page speaks for the part of the chat that it covers. */
  private noteGaps(page: MessagePage, all: boolean): void {
    const fresh = page.gaps ?? [];
    const clocks = page.items.map((item) => item.clock);
    const [from, to] = [page.next === undefined ? -Infinity : Math.min(...clocks), Math.max(...clocks)];
    const kept = all ? [] : this.gaps.filter((gap) => (gap.clock < from || gap.clock > to) && !fresh.some((other) => other.before === gap.before));
    if (kept.length + fresh.length + this.gaps.length > 0) this.gaps = [...kept, ...fresh].sort((a, b) => a.clock - b.clock);
  }

  private merge(page: readonly Message[], replace: boolean): void {
    const oldestFirst = page.slice().sort(compare);
    if (replace) {
      const oldest = oldestFirst[0];
      // Events may have been faster than the answer: keep what is newer than the page.
      const newest = oldestFirst.at(-1);
      const kept = this.items.filter((item) => newest !== undefined && compare(item, newest) > 0);
      this.index.clear();
      const items = oldest ? [...oldestFirst, ...kept] : [...kept];
      for (const item of items) this.index.set(item.id, item);
      this.change(items, false);
      return;
    }
    const fresh = oldestFirst.filter((item) => !this.index.has(item.id));
    for (const item of fresh) this.index.set(item.id, item);
    this.change([...fresh, ...this.items], true);
  }

  private change(items: readonly Message[], prepended: boolean): void {
    this.prepended = prepended;
    this.items = items;
  }
}

export function compare(a: Message, b: Message): number {
  return a.clock - b.clock || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function insertion(items: readonly Message[], message: Message): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(items[middle]!, message) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function position(items: readonly Message[], message: Message): number {
  const at = insertion(items, message);
  return items[at]?.id === message.id ? at : items.findIndex((item) => item.id === message.id);
}

const FIRST_PAGE = 60;
const OLDER_PAGE = 120;
const LARGEST_PAGE = 200;
/** Milliseconds: what one commit touched, and those right after it, is one look. */
const LOOK_AFTER = 300;
