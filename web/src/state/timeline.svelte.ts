/**
 * A window on the messages of one chat: ordered by clock, then id, without gaps from `next` on to `newer`, or to the newest.
 */
import type { Part } from '../api/client.ts';
import type { Gap, Message, MessagePage } from '../api/types.ts';

export interface Source {
  messages(chat: string, part?: Part, limit?: number): Promise<MessagePage>;
}

export type Loading = 'idle' | 'first' | 'older' | 'newer' | 'failed';

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
  /** Where what is newer begins that is not here. */
  private newerFrom = $state.raw<string>();
  private readonly index = new Map<string, Message>();
  private run = 0;
  /** What the stream told of since a part was asked for; `undefined` for what is gone. */
  private told: Map<string, Message | undefined> | undefined;
  private looking = false;

  constructor(readonly chat: string, private readonly source: Source) {}

  get hasOlder(): boolean {
    return !this.loaded || this.next !== undefined;
  }

  /** Whether the newest messages are somewhere below what is here. */
  get hasNewer(): boolean {
    return this.newerFrom !== undefined;
  }

  has(id: string): boolean {
    return this.index.has(id);
  }

  /** A message as it is now; whoever shows it hears when it changes. */
  get(id: string): Message | undefined {
    void this.items;
    return this.index.get(id);
  }

  positionOf(id: string): number {
    const message = this.index.get(id);
    return message ? position(this.items, message) : -1;
  }

  /** Loads the newest messages, if that was not done. */
  async open(): Promise<void> {
    if (this.loaded || this.loading === 'first') return;
    await this.load('first', {}, FIRST_PAGE);
  }

  /** Goes to the newest messages from wherever the window is. */
  async latest(): Promise<void> {
    if (this.hasNewer || !this.loaded) await this.load('first', {}, FIRST_PAGE);
  }

  async older(limit = OLDER_PAGE): Promise<void> {
    if (!this.loaded || this.next === undefined || this.isLoading) return;
    await this.load('older', { before: this.next }, limit);
  }

  async newer(limit = OLDER_PAGE): Promise<void> {
    if (!this.loaded || this.newerFrom === undefined || this.isLoading) return;
    await this.load('newer', { after: this.newerFrom }, limit);
  }

  /** Moves the window to a message, however far up it is; false if it is not in this chat. */
  async reach(id: string): Promise<boolean> {
    if (this.index.has(id)) return true;
    const stood = this.loaded;
    await this.load('first', { around: id }, AROUND_PAGE);
    if (this.index.has(id)) return true;
    if (stood) this.loading = 'idle';
    else await this.load('first', {}, FIRST_PAGE);
    return false;
  }

  /** What is here may be out of date: load again when it is next shown, or now if it is. */
  invalidate(): void {
    // What the stream told of before may be older than what is loaded now.
    this.told = undefined;
    this.loaded = false;
    if (this.shown) void this.load('first', {}, FIRST_PAGE);
  }

  private get isLoading(): boolean {
    return this.loading !== 'idle' && this.loading !== 'failed';
  }

  put(message: Message): void {
    this.told?.set(message.id, message);
    const old = this.index.get(message.id);
    if (!old && !this.loaded && this.loading !== 'first') return;
    const first = this.items[0];
    if (!old && first && this.next !== undefined && compare(message, first) < 0) return;
    // While a part is on its way, it decides what of this fits.
    const waits = this.loading === 'first' || this.loading === 'newer';
    if (!old && this.hasNewer && !waits && compare(message, this.items.at(-1)!) > 0) {
      // Whoever says something wants to see it; what others say waits below.
      if (message.own) void this.latest();
      return;
    }
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
    this.told?.set(id, undefined);
    const old = this.index.get(id);
    if (!old) return;
    this.index.delete(id);
    const items = this.items.slice();
    items.splice(position(items, old), 1);
    this.change(items, false);
  }

  private async load(what: 'first' | 'older' | 'newer', part: Part, limit: number): Promise<void> {
    const run = ++this.run;
    this.told ??= new Map();
    this.loading = what;
    this.error = undefined;
    try {
      const page = await this.source.messages(this.chat, part, limit);
      if (run !== this.run) return;
      if (what !== 'newer') this.next = page.next;
      if (what !== 'older') this.newerFrom = page.newer;
      this.noteGaps(page, what === 'first');
      this.merge(this.newest(page.items), what);
      this.told = undefined;
      this.loaded = true;
      this.loading = 'idle';
    } catch (error) {
      if (run !== this.run) return;
      this.error = error;
      this.told = undefined;
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
    if (this.hasNewer) return;
    try {
      const page = await this.source.messages(this.chat, {}, LARGEST_PAGE);
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

  /** A part as it is by now: what the stream told of while it was on its way is newer. */
  private newest(part: readonly Message[]): Message[] {
    return part.map((item) => (this.told?.has(item.id) ? this.told.get(item.id) : item)).filter((item) => item !== undefined);
  }

  private merge(page: readonly Message[], what: 'first' | 'older' | 'newer'): void {
    const oldestFirst = page.slice().sort(compare);
    if (what === 'first') {
      const newest = oldestFirst.at(-1);
      // Events may have been faster than the answer: keep what is newer than the page, unless there is more in between.
      const kept = this.hasNewer ? [] : this.items.filter((item) => newest !== undefined && compare(item, newest) > 0);
      this.index.clear();
      const items = [...oldestFirst, ...kept];
      for (const item of items) this.index.set(item.id, item);
      this.change(items, false);
      return;
    }
    const fresh = oldestFirst.filter((item) => !this.index.has(item.id));
    for (const item of fresh) this.index.set(item.id, item);
    if (what === 'older') return this.change([...fresh, ...this.items], true);
    const end = oldestFirst.at(-1);
    const items = [...this.items, ...fresh].sort(compare);
    const kept = this.hasNewer && end ? items.filter((item) => compare(item, end) <= 0) : items;
    for (const item of items.slice(kept.length)) this.index.delete(item.id);
    this.change(kept, false);
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
/** Half of it above the message that is looked for, half below. */
const AROUND_PAGE = 120;
/** Milliseconds: what one commit touched, and those right after it, is one look. */
const LOOK_AFTER = 300;
