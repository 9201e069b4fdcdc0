/**
 * One unlocked profile under the page: its lists, its event stream, and what the network says.
 */
import { ApiError, type Client, type ProfileClient } from '../api/client.ts';
import { Stream, type StreamState, type Wire } from '../api/socket.ts';
import type { Connectivity, Frame, NodeStatus, Notification, Page } from '../api/types.ts';
import { Cache } from './cache.svelte.ts';
import { Drafts } from './drafts.svelte.ts';
import { Media } from './media.svelte.ts';

export type Lists = 'loading' | 'ready' | 'failed';

export interface Hooks {
  openEvents(profile: string, query: string): Wire;
  locked(): void;
  /** The daemon answers again; whether the profile is still open is not known. */
  returned(): void;
  notify?(notification: Notification): void;
}

export class Session {
  readonly api: ProfileClient;
  readonly cache: Cache;
  readonly drafts: Drafts;
  readonly media: Media;
  lists = $state.raw<Lists>('loading');
  error = $state.raw<unknown>();
  activity = $state.raw<Lists>('loading');
  activityError = $state.raw<unknown>();
  stream = $state.raw<StreamState>('connecting');
  /** When the stream went away, to say so only when it lasts. */
  awaySince = $state.raw<number | undefined>();
  connectivity = $state.raw<Connectivity>('offline');
  historyGaps = $state.raw(0);
  clockAhead = $state.raw(0);
  node = $state.raw<NodeStatus | undefined>();

  private readonly events: Stream;

  constructor(readonly profile: string, client: Client, private readonly hooks: Hooks) {
    this.api = client.of(profile);
    this.cache = new Cache(this.api);
    this.drafts = new Drafts({ said: (chat) => this.cache.chats.get(chat)?.draft, keep: (chat, draft) => this.api.keepDraft(chat, draft) });
    this.cache.changed = (chat) => this.drafts.heard(chat);
    this.media = new Media((path) => this.api.blob(path));
    this.events = new Stream({
      open: (query) => hooks.openEvents(profile, query),
      frame: (frame) => this.frame(frame),
      state: (state) => {
        this.stream = state;
        if (state === 'open') {
          this.awaySince = undefined;
          this.drafts.flush();
        } else this.awaySince ??= Date.now();
        // A daemon that was restarted has to be shown our proof before it streams again.
        if (state === 'waiting') void client.enter().then((entered) => { if (entered === 'in') hooks.returned(); });
      },
    });
  }

  /** Joins the events first, so that nothing falls between them and the lists. */
  start(): void {
    this.events.start();
    void this.load();
  }

  stop(): void {
    this.drafts.flush();
    this.events.stop();
    this.media.clear();
  }

  hurry(): void {
    this.events.hurry();
  }

  async load(): Promise<void> {
    if (this.lists !== 'ready') this.lists = 'loading';
    this.error = undefined;
    try {
      await this.cache.fill(async () => {
        const [account, settings, chats, contacts] = await Promise.all([
          this.api.account(), this.api.settings(), all((before) => this.api.chats(before)), this.api.contacts(),
        ]);
        return { account, settings, chats, contacts };
      });
      this.cache.stale = false;
      this.drafts.reloaded();
      this.lists = 'ready';
    } catch (error) {
      this.error = error;
      if (error instanceof ApiError && error.code === 'locked') return this.hooks.locked();
      if (this.lists !== 'ready') this.lists = 'failed';
    }
    void this.loadActivity();
    void this.loadNode();
  }

  /** The members of a group; the events keep them true from then on. */
  async loadGroup(id: string): Promise<void> {
    try {
      this.cache.groups.set(id, await this.api.group(id));
    } catch {
      // An older daemon, or the group is gone: its chat says so.
    }
  }

  async loadActivity(): Promise<void> {
    try {
      await this.cache.fill(async () => {
        const page = await this.api.activity();
        return { activity: page.items, unreadActivity: page.unread };
      });
      this.activity = 'ready';
    } catch (error) {
      this.activityError = error;
      if (this.activity !== 'ready') this.activity = 'failed';
    }
  }

  async loadNode(): Promise<void> {
    try {
      this.node = await this.api.node();
      this.connectivity = this.node.connectivity;
      this.historyGaps = this.node.historyGaps;
      this.clockAhead = this.node.clockAhead ?? 0;
    } catch {
      // The stream's state already shows that the daemon is away.
    }
  }

  private frame(frame: Frame): void {
    this.cache.apply(frame);
    if (frame.type === 'reset') void this.load();
    if (frame.type !== 'signal') return;
    switch (frame.signal.kind) {
      case 'connectivity':
        this.connectivity = frame.signal.value;
        void this.loadNode();
        break;
      case 'history-gaps':
        this.historyGaps = frame.signal.value;
        break;
      case 'clock-ahead':
        this.clockAhead = frame.signal.value;
        break;
      case 'notification':
        this.hooks.notify?.(frame.signal.value);
        break;
      case 'locked':
        this.hooks.locked();
        break;
    }
  }
}

/** Every part of a list. */
async function all<T>(part: (before?: string) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let before: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await part(before);
    items.push(...answer.items);
    if (!answer.next) break;
    before = answer.next;
  }
  return items;
}

/** 20,000 chats. */
const MOST_PAGES = 100;
