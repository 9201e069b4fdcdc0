import { describe, expect, test, vi } from 'vitest';
import type { Chat, Frame, Gap, Item, Message, MessagePage } from '../api/types.ts';
import type { Part } from '../api/client.ts';
import { Cache, type Lists } from './cache.svelte.ts';
import { compare } from './timeline.svelte.ts';

function message(clock: number, more: Partial<Message> = {}): Message {
  return { id: `m${String(clock).padStart(6, '0')}`, chat: 'c', kind: 'text', author: 'a', authorName: 'A', own: false, text: String(clock), sentAt: clock, clock, read: true, ...more };
}
const event = (seq: number, ...items: Item[]): Frame => ({ type: 'event', epoch: 'e', seq, items });

/** A daemon with so many messages in one chat, the newest first in pages. */
function source(count: number) {
  const all = Array.from({ length: count }, (_, at) => message(at + 1));
  const messages = vi.fn(async (_chat: string, { before, after, around }: Part = {}, limit = 50): Promise<MessagePage> => {
    const at = all.findIndex((item) => item.id === around);
    if (around && at < 0) throw new Error('there is no such message');
    const half = Math.ceil(limit / 2);
    const [start, end] = around ? [at - half, at + half + 1] : after ? [Number(after), Number(after) + limit] : [Number(before ?? all.length) - limit, Number(before ?? all.length)];
    const page = all.slice(Math.max(0, start), end);
    return { items: page.reverse(), ...(start > 0 && !after ? { next: String(start) } : {}), ...(end < all.length && !before ? { newer: String(end) } : {}) };
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

  test('a page that took its time does not undo what the stream said meanwhile', async () => {
    const { messages } = source(100);
    const cache = new Cache({ messages });
    const timeline = cache.timeline('c');
    const opening = timeline.open();
    cache.apply(event(1, { kind: 'message', value: message(99, { text: 'edited' }) }, { kind: 'message-removed', value: message(98).id }));
    await opening;
    expect(timeline.items.slice(-3).map((item) => item.text)).toEqual(['97', 'edited', '100']);
    const older = timeline.older();
    cache.apply(event(2, { kind: 'message', value: message(10, { text: 'edited, too' }) }));
    await older;
    expect(timeline.items.find((item) => item.clock === 10)!.text).toBe('edited, too');
    cache.apply(event(3, { kind: 'message', value: message(10, { text: 'again' }) }));
    expect(timeline.items.find((item) => item.clock === 10)!.text).toBe('again');
  });

  test('after a reset a page is believed, whatever was said before', async () => {
    const { messages } = source(10);
    const cache = new Cache({ messages });
    const timeline = cache.timeline('c');
    timeline.shown = true;
    const opening = timeline.open();
    cache.apply(event(1, { kind: 'message', value: message(9, { text: 'older' }) }));
    cache.apply({ type: 'reset', epoch: 'f', seq: 0 });
    await opening;
    await vi.waitFor(() => expect(timeline.loading).toBe('idle'));
    expect(timeline.items.find((item) => item.clock === 9)!.text).toBe('9');
  });

  test('goes to an old message in one step, and stays where it is for one that is not there', async () => {
    const { messages } = source(100_000);
    const timeline = new Cache({ messages }).timeline('c');
    await timeline.open();
    expect(await timeline.reach(message(500).id)).toBe(true);
    expect(messages).toHaveBeenCalledTimes(2);
    const clocks = () => [timeline.items[0]!.clock, timeline.items.at(-1)!.clock];
    expect(clocks()).toEqual([440, 560]);
    expect([timeline.hasOlder, timeline.hasNewer]).toEqual([true, true]);
    expect(await timeline.reach('nowhere')).toBe(false);
    expect([...clocks(), timeline.loading]).toEqual([440, 560, 'idle']);
    expect(await new Cache({ messages }).timeline('c').reach('nowhere')).toBe(false);
  });

  test('goes on from an old message in both directions, without a hole', async () => {
    const { messages } = source(400);
    const cache = new Cache({ messages });
    const timeline = cache.timeline('c');
    await timeline.reach(message(200).id);
    await timeline.newer();
    await timeline.older();
    expect(timeline.items.map((item) => item.clock)).toEqual(Array.from({ length: 361 }, (_, at) => 20 + at));
    cache.apply(event(1, { kind: 'message', value: message(401) }));
    expect(timeline.items.at(-1)!.clock, 'what is new waits below').toBe(380);
    await timeline.newer();
    expect(timeline.hasNewer).toBe(false);
    cache.apply(event(2, { kind: 'message', value: message(402) }));
    expect(timeline.items.at(-1)!.clock).toBe(402);
  });

  test('what is new while the newest part is on its way is neither lost nor put beside a hole', async () => {
    const { messages } = source(400);
    const cache = new Cache({ messages });
    const timeline = cache.timeline('c');
    await timeline.reach(message(100).id);
    const one = timeline.newer();
    cache.apply(event(1, { kind: 'message', value: message(401) }));
    await one;
    expect(timeline.items.at(-1)!.clock).toBe(280);
    const last = timeline.newer();
    cache.apply(event(2, { kind: 'message', value: message(402) }));
    await last;
    expect(timeline.items.slice(-2).map((item) => item.clock)).toEqual([400, 402]);
  });

  test('whoever says something from far up is taken to the end', async () => {
    const { messages } = source(400);
    const cache = new Cache({ messages });
    const timeline = cache.timeline('c');
    await timeline.reach(message(100).id);
    cache.apply(event(1, { kind: 'message', value: message(401, { own: true }) }));
    await vi.waitFor(() => expect(timeline.loading).toBe('idle'));
    expect([timeline.hasNewer, timeline.items.at(-1)!.clock]).toEqual([false, 400]);
  });

  test('what is missing is told by the page that covers it, and goes when it came', async () => {
    const { messages } = source(300);
    let gaps: Gap[] = [10, 150, 280].map((clock) => ({ before: `g${clock}`, clock, count: 1, state: 'searching' }));
    const asked = async (chat: string, part?: Part, limit?: number) => {
      const page = await messages(chat, part, limit);
      const clocks = page.items.map((item) => item.clock);
      return { ...page, gaps: gaps.filter((gap) => gap.clock >= Math.min(...clocks) && gap.clock <= Math.max(...clocks)) };
    };
    const timeline = new Cache({ messages: asked }).timeline('c');
    await timeline.open();
    expect(timeline.gaps.map((gap) => gap.clock)).toEqual([280]);
    while (timeline.hasOlder) await timeline.older();
    expect(timeline.gaps.map((gap) => gap.clock)).toEqual([10, 150, 280]);
    gaps = gaps.filter((gap) => gap.clock === 10);
    await timeline.refreshGaps();
    expect(timeline.gaps.map((gap) => gap.clock)).toEqual([10]);
  });

  test('a gap that appears later is shown when the message after it is touched', async () => {
    const { messages, all } = source(10);
    let gaps: Gap[] = [];
    const cache = new Cache({ messages: async (chat: string, part?: Part, limit?: number) => ({ ...(await messages(chat, part, limit)), gaps }) });
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
  const chat = (id: string, activeAt: number, more: Partial<Chat> = {}): Chat => ({ id, kind: 'one-to-one', name: id, unread: 1, activeAt, can: { write: true }, ...more });

  test('applies a whole frame and sorts chats by what happened last', () => {
    const cache = new Cache(source(0));
    cache.apply(event(1, { kind: 'chat', value: chat('a', 1) }, { kind: 'chat', value: chat('b', 3) }, { kind: 'chat', value: chat('c', 2) }));
    expect(cache.chatList.map((entry) => entry.id)).toEqual(['b', 'c', 'a']);
    cache.apply(event(2, { kind: 'chat', value: chat('a', 9) }, { kind: 'chat-removed', value: 'b' }));
    expect(cache.chatList.map((entry) => entry.id)).toEqual(['a', 'c']);
  });

  test('a list that took its time does not undo what the stream said meanwhile', async () => {
    const cache = new Cache(source(0));
    await cache.fill(() => ({ chats: [chat('a', 1), chat('gone', 1)], unreadActivity: 3 }));
    let arrive!: (lists: Lists) => void;
    const filled = cache.fill(() => new Promise<Lists>((resolve) => (arrive = resolve)));
    cache.apply(event(1, { kind: 'chat', value: chat('a', 1, { name: 'Alice Doe' }) }, { kind: 'chat', value: chat('new', 2) }, { kind: 'chat-removed', value: 'gone' }, { kind: 'activity-unread', value: 4 }));
    arrive({ chats: [chat('a', 1), chat('gone', 1), chat('b', 3)], unreadActivity: 3 });
    await filled;
    expect(cache.chatList.map((entry) => entry.name)).toEqual(['b', 'new', 'Alice Doe']);
    expect(cache.unreadActivity).toBe(4);
    // What is loaded later is newer again.
    await cache.fill(() => ({ chats: [chat('a', 5)] }));
    expect(cache.chatList.map((entry) => entry.name)).toEqual(['a']);
  });

  test('silent chats do not count', async () => {
    const cache = new Cache(source(0));
    await cache.fill(() => ({ chats: [chat('a', 1, { unread: 2 }), chat('b', 1, { unread: 5, mutedUntil: Date.now() + 60_000 })] }));
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
