/**
 * What the page knows of one profile: maps by kind and id. `apply` is the only way in for what changes, so the page shows
 * what the event stream says and nothing else.
 */
import { SvelteMap } from 'svelte/reactivity';
import type { Account, Activity, Chat, Contact, Frame, Group, Item, Message, Settings } from '../api/types.ts';
import { Timeline, type Source } from './timeline.svelte.ts';

/** What is loaded at once. */
export interface Lists { account?: Account; settings?: Settings; chats?: Chat[]; contacts?: Contact[]; activity?: Activity[]; unreadActivity?: number }

export class Cache {
  readonly chats = new SvelteMap<string, Chat>();
  readonly contacts = new SvelteMap<string, Contact>();
  readonly activity = new SvelteMap<string, Activity>();
  /** Those that were looked at, or changed since. */
  readonly groups = new SvelteMap<string, Group>();
  account = $state.raw<Account | undefined>();
  settings = $state.raw<Settings | undefined>();
  /** Set when events were missed: what is shown has to be loaded again. */
  stale = $state(false);

  /** Items that could not be understood. */
  broken = 0;

  private readonly timelines = new Map<string, Timeline>();
  /** For each loading of lists that is under way, what the stream told of since: what the lists say of it may be older. */
  private readonly loadings = new Set<Set<string>>();
  /** Told about every message that is new to the page; for the live region and the title. */
  arrived: ((message: Message) => void) | undefined;
  /** Told about every chat that the stream tells of. */
  changed: ((chat: string) => void) | undefined;

  constructor(private readonly source: Source) {}

  /** Chats, the one where something happened last first. */
  readonly chatList = $derived.by(() => [...this.chats.values()].sort((a, b) => b.activeAt - a.activeAt));
  readonly unread = $derived.by(() => {
    let count = 0;
    for (const chat of this.chats.values()) if (!isMuted(chat)) count += chat.unread;
    return count;
  });
  readonly requests = $derived.by(() => [...this.contacts.values()].filter((contact) => contact.state === 'asking'));
  /** All unread entries, also those that are not loaded. */
  unreadActivity = $state.raw(0);

  timeline(chat: string): Timeline {
    let timeline = this.timelines.get(chat);
    if (!timeline) {
      timeline = new Timeline(chat, this.source);
      this.timelines.set(chat, timeline);
      this.forgetOldTimelines();
    }
    return timeline;
  }

  apply(frame: Frame): void {
    if (frame.type === 'event') {
      for (const item of frame.items) {
        try {
          this.put(item);
        } catch {
          // An item that is not what its kind says: the others of its commit are not lost with it.
          this.broken += 1;
        }
      }
    }
    if (frame.type === 'reset') {
      this.stale = true;
      this.groups.clear();
      for (const timeline of this.timelines.values()) timeline.invalidate();
    }
  }

  /** Replaces whole lists by what is loaded, but for what the stream tells of meanwhile. */
  async fill(load: () => Promise<Lists> | Lists): Promise<void> {
    const told = new Set<string>();
    this.loadings.add(told);
    try {
      const lists = await load();
      if (lists.account && !told.has('account')) this.account = lists.account;
      if (lists.settings && !told.has('settings')) this.settings = lists.settings;
      if (lists.chats) refill(this.chats, lists.chats, (chat) => chat.id, told);
      if (lists.contacts) refill(this.contacts, lists.contacts, (contact) => contact.key, told);
      if (lists.activity) refill(this.activity, lists.activity, (entry) => entry.id, told);
      if (lists.unreadActivity !== undefined && !told.has('activity-unread')) this.unreadActivity = lists.unreadActivity;
    } finally {
      this.loadings.delete(told);
    }
  }

  private put(item: Item): void {
    switch (item.kind) {
      case 'message': {
        texts(item.value.id, item.value.chat, item.value.text);
        const timeline = this.timelines.get(item.value.chat);
        const known = timeline?.has(item.value.id) ?? false;
        timeline?.put(item.value);
        if (known && !item.value.own) timeline?.lookForGaps();
        if (!known && !item.value.read && !item.value.own) this.arrived?.(item.value);
        break;
      }
      case 'message-removed':
        for (const timeline of this.timelines.values()) timeline.remove(item.value);
        break;
      case 'chat-history':
        this.timelines.get(item.value)?.invalidate();
        break;
      case 'chat':
        texts(item.value.id, item.value.name);
        this.tell(item.value.id);
        this.chats.set(item.value.id, item.value);
        this.changed?.(item.value.id);
        break;
      case 'group':
        this.groups.set(item.value.id, item.value);
        break;
      case 'chat-removed':
        this.tell(item.value);
        this.chats.delete(item.value);
        this.groups.delete(item.value);
        this.timelines.delete(item.value);
        break;
      case 'contact':
        texts(item.value.key, item.value.name);
        this.tell(item.value.key);
        this.contacts.set(item.value.key, item.value);
        break;
      case 'contact-removed':
        this.tell(item.value);
        this.contacts.delete(item.value);
        break;
      case 'account':
        this.tell(item.kind);
        this.account = item.value;
        break;
      case 'settings':
        this.tell(item.kind);
        this.settings = item.value;
        break;
      case 'activity':
        this.tell(item.value.id);
        this.activity.set(item.value.id, item.value);
        break;
      case 'activity-unread':
        this.tell(item.kind);
        this.unreadActivity = item.value;
        break;
      case 'activity-removed':
        this.tell(item.value);
        this.activity.delete(item.value);
        break;
      // A kind of a newer daemon: nothing here shows it.
    }
  }

  private tell(key: string): void {
    for (const told of this.loadings) told.add(key);
  }

  private forgetOldTimelines(): void {
    for (const [chat, timeline] of this.timelines) {
      if (this.timelines.size <= TIMELINES) return;
      if (!timeline.shown) this.timelines.delete(chat);
    }
  }
}

export function isMuted(chat: Chat, now = Date.now()): boolean {
  return (chat.mutedUntil ?? 0) > now;
}

function refill<T>(map: SvelteMap<string, T>, list: T[], key: (value: T) => string, told: Set<string>): void {
  const fresh = new Set(list.map(key));
  for (const old of [...map.keys()]) if (!fresh.has(old) && !told.has(old)) map.delete(old);
  for (const value of list) if (!told.has(key(value))) map.set(key(value), value);
}

/** Chats whose messages stay in memory, so that going back and forth costs no request. */
const TIMELINES = 12;

/** Refuses an item whose fields, by which everything is sorted and found, are no texts. */
function texts(...fields: unknown[]): void {
  if (!fields.every((field) => typeof field === 'string')) throw new TypeError('an item is not what its kind says');
}
