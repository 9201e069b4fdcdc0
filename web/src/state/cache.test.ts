import { describe, expect, test, vi } from 'vitest';
import type { Chat, Frame, Gap, Item, Message, MessagePage } from '../api/types.ts';
import { Cache } from './cache.svelte.ts';
import { compare } from './timeline.svelte.ts';

function message(clock: number, more: Partial<Message> = {}): Message {
  return { id: `m${String(clock).padStart(6, '0')}`, chat: 'c', kind: 'text', author: 'a', authorName: 'A', own: false, text: String(clock), sentAt: clock, clock, read: true, ...more };
}
const event = (seq: number, ...items: Item[]): Frame => ({ type: 'event', epoch: 'e', seq, items });

/** A daemon with so many messages in one chat, the newest first in pages. */
function source(count: number) {
  const all = Array.from({ length: count }, (_, at) => message(at + 1));
  const messages = vi.fn(async (_chat: string, before?: string, limit = 50): Promise<MessagePage> => {
    const end = before ? Number(before) : all.length;
    const start = Math.max(0, end - limit);
    return { items: all.slice(start, end).reverse(), ...(start > 0 ? { next: String(start) } : {}) };
  });
  return { all, messages };
}

describe('a timeline', () => {
  test('loads the newest first, then older ones in front, and says so', async () => {
    const { messages } = source(200);
    const timeline = new Cache({ messages }).timeline('c');
    await timeline.open();
    expect(timeline.items.map((item) => item.clock)).toEqual(Array.from({ length: 60 }, (_, at) => 141 + at));
    expect(timeline.prepended).toBe(false);
    await timeline.older();
    expect(timeline.items.length).toBe(180);
    expect(timeline.items[0]!.clock).toBe(21);
    expect(timeline.prepended).toBe(true);
    await timeline.older();
    expect(timeline.hasOlder).toBe(false);
    await timeline.older();
    expect(messages).toHaveBeenCalledTimes(3);
  });

  test('keeps order whatever order messages arrive in, and each once', async () => {
    const { messages } = source(0);
    const cache = new Cache({ messages });
    const timeline = cache.timeline('c');
    await timeline.open();
    for (const clock of [5, 1, 9, 3, 9, 7, 1]) cache.apply(event(1, { kind: 'message', value: message(clock) }));
    expect(timeline.items.map((item) => item.clock)).toEqual([1, 3, 5, 7, 9]);
    expect([...timeline.items].sort(compare)).toEqual(timeline.items);
  });

  test('a changed message stays in its place, a removed one goes', async () => {
    const { messages } = source(10);
    const cache = new Cache({ messages });
    const timeline = cache.timeline('c');
    await timeline.open();
    cache.apply(event(1, { kind: 'message', value: message(4, { text: 'edited' }) }));
    expect(timeline.items[3]!.text).toBe('edited');
    expect(timeline.items.length).toBe(10);
    cache.apply(event(2, { kind: 'message-removed', value: message(4).id }));
    expect(timeline.items.map((item) => item.clock)).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10]);
  });

  test('what is older than the part that is loaded waits for its page', async () => {
    const { messages } = source(200);
    const cache = new Cache({ messages });
    const timeline = cache.timeline('c');
    await timeline.open();
    cache.apply(event(1, { kind: 'message', value: message(20, { id: 'late' }) }));
    expect(timeline.has('late')).toBe(false);
  });

  test('an event that overtakes the first page is kept', async () => {
    const { messages } = source(10);
    const cache = new Cache({ messages });
    const timeline = cache.timeline('c');
    const opening = timeline.open();
    cache.apply(event(1, { kind: 'message', value: message(11) }));
    await opening;
    expect(timeline.items.at(-1)!.clock).toBe(11);
    expect(timeline.items.length).toBe(11);
  });

  test('reaches an old message and gives up on one that is not there', async () => {
    const { messages } = source(900);
    const timeline = new Cache({ messages }).timeline('c');
    expect(await timeline.reach(message(5).id)).toBe(true);
    expect(timeline.positionOf(message(5).id)).toBe(4);
    expect(await timeline.reach('nowhere')).toBe(false);
  });

  test('what is missing is told by the page that covers it, and goes when it came', async () => {
    const { messages, all } = source(300);
    let gaps: Gap[] = [10, 150, 280].map((clock) => ({ before: `g${clock}`, clock, count: 1, state: 'searching' }));
    const asked = async (chat: string, before?: string, limit?: number) => {
      const page = await messages(chat, before, limit);
      const clocks = page.items.map((item) => item.clock);
      return { ...page, gaps: gaps.filter((gap) => gap.clock >= Math.min(...clocks) && gap.clock <= Math.max(...clocks)) };
    };
    const timeline = new Cache({ messages: asked }).timeline('c');
    await timeline.open();
    expect(timeline.gaps.map((gap) => gap.clock)).toEqual([280]);
    await timeline.reach(all[0]!.id);
    expect(timeline.gaps.map((gap) => gap.clock)).toEqual([10, 150, 280]);
    gaps = gaps.filter((gap) => gap.clock === 10);
    await timeline.refreshGaps();
    expect(timeline.gaps.map((gap) => gap.clock)).toEqual([10]);
  });

  test('a gap that appears later is shown when the message after it is touched', async () => {
    const { messages, all } = source(10);
    let gaps: Gap[] = [];
    const cache = new Cache({ messages: async (chat: string, before?: string, limit?: number) => ({ ...(await messages(chat, before, limit)), gaps }) });
    const timeline = cache.timeline('c');
    timeline.shown = true;
    await timeline.open();
    expect(timeline.gaps).toEqual([]);
    gaps = [{ before: all.at(-1)!.id, clock: all.at(-1)!.clock, count: 1, state: 'searching' }];
    cache.apply({ type: 'event', epoch: 'e', seq: 1, items: [{ kind: 'message', value: all.at(-1)! }] });
    await vi.waitFor(() => expect(timeline.gaps.length).toBe(1));
  });

  test('a failure is told and can be tried again', async () => {
    const { messages } = source(10);
    messages.mockRejectedValueOnce(new Error('away'));
    const timeline = new Cache({ messages }).timeline('c');
    await timeline.open();
    expect(timeline.loading).toBe('failed');
    await timeline.open();
    expect(timeline.loading).toBe('idle');
    expect(timeline.items.length).toBe(10);
  });
});

describe('the cache', () => {
  const chat = (id: string, activeAt: number, more: Partial<Chat> = {}): Chat => ({ id, kind: 'one-to-one', name: id, unread: 1, activeAt, ...more });

  test('applies a whole frame and sorts chats by what happened last', () => {
    const cache = new Cache(source(0));
    cache.apply(event(1, { kind: 'chat', value: chat('a', 1) }, { kind: 'chat', value: chat('b', 3) }, { kind: 'chat', value: chat('c', 2) }));
    expect(cache.chatList.map((entry) => entry.id)).toEqual(['b', 'c', 'a']);
    cache.apply(event(2, { kind: 'chat', value: chat('a', 9) }, { kind: 'chat-removed', value: 'b' }));
    expect(cache.chatList.map((entry) => entry.id)).toEqual(['a', 'c']);
  });

  test('silent chats do not count', () => {
    const cache = new Cache(source(0));
    cache.fill({ chats: [chat('a', 1, { unread: 2 }), chat('b', 1, { unread: 5, mutedUntil: Date.now() + 60_000 })] });
    expect(cache.unread).toBe(2);
  });

  test('a kind of a newer daemon changes nothing', () => {
    const cache = new Cache(source(0));
    cache.apply(event(1, { kind: 'hologram', value: {} } as unknown as Item));
    expect(cache.chats.size).toBe(0);
  });

  test('an item that is not what it says does not take the others with it', () => {
    const cache = new Cache(source(0));
    const odd = [{ kind: 'message', value: null }, { kind: 'chat' }, { kind: 'contact', value: undefined }] as unknown as Item[];
    cache.apply(event(1, ...odd, { kind: 'chat', value: chat('a', 1) }));
    expect(cache.broken).toBe(3);
    expect(cache.chatList.map((entry) => entry.id)).toEqual(['a']);
  });

  test('tells once about a message that is new, and not about our own', async () => {
    const cache = new Cache(source(0));
    await cache.timeline('c').open();
    const heard: string[] = [];
    cache.arrived = (fresh) => heard.push(fresh.text);
    const fresh = message(1, { read: false });
    cache.apply(event(1, { kind: 'message', value: fresh }));
    cache.apply(event(2, { kind: 'message', value: { ...fresh, reactions: [] } }));
    cache.apply(event(3, { kind: 'message', value: message(2, { own: true, read: false }) }));
    expect(heard).toEqual(['1']);
  });
});
