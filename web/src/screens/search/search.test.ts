import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Chat, Message, Page, Wanted } from '../../api/types.ts';
import { Cache } from '../../state/cache.svelte.ts';
import { SearchModel, snippet } from './search.vm.svelte.ts';

describe('search', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function setup() {
    const cache = new Cache({ messages: async () => ({ items: [] }) });
    const chats: Chat[] = ['Bob', 'André', 'Sunday dinner'].map((name, at) => ({ id: name, kind: 'one-to-one', name, unread: 0, activeAt: at, can: {} }));
    for (const chat of chats) cache.chats.set(chat.id, chat);
    const asked: string[] = [];
    const wants: Wanted[] = [];
    const search = async (wanted: Wanted, signal?: AbortSignal): Promise<Page<Message>> => {
      const { text } = wanted;
      asked.push(text);
      wants.push(wanted);
      await new Promise((done) => setTimeout(done, text === 'slow' ? 1000 : 10));
      signal?.throwIfAborted();
      const id = wanted.before ? `${text}${wanted.before}` : text;
      return { items: [{ id, chat: 'Bob', text } as Message], ...(wanted.before ? {} : { next: '2' }) };
    };
    return { model: new SearchModel(cache, { search }, undefined, 150, () => 100 * 86_400_000), asked, wants };
  }

  test('asks once after the last key', async () => {
    const { model, asked } = setup();
    for (const text of ['su', 'sun', 'sund']) model.type(text);
    expect(model.chats.map((chat) => chat.name)).toEqual(['Sunday dinner']);
    await vi.advanceTimersByTimeAsync(500);
    expect(asked).toEqual(['sund']);
    expect(model.results.map((result) => result.kind)).toEqual(['chat', 'message']);
    expect(model.busy).toBe(false);
  });

  test('a slow answer does not replace a newer one', async () => {
    const { model } = setup();
    model.type('slow');
    await vi.advanceTimersByTimeAsync(200);
    model.type('new');
    await vi.advanceTimersByTimeAsync(3000);
    expect(model.messages.map((message) => message.id)).toEqual(['new']);
  });

  test('filters are enough, and the rest comes when it is asked for', async () => {
    const { model, wants } = setup();
    model.narrow({ kind: 'image', days: 7, person: 'zQ3' });
    await vi.advanceTimersByTimeAsync(500);
    expect(wants).toEqual([{ text: '', kinds: 'image', since: 93 * 86_400_000, person: 'zQ3' }]);
    expect(model.messages.map((message) => message.id)).toEqual(['']);
    model.more();
    await vi.advanceTimersByTimeAsync(500);
    expect(wants[1]).toMatchObject({ before: '2' });
    expect(model.messages.map((message) => message.id)).toEqual(['', '2']);
    expect(model.next).toBeUndefined();
    model.narrow({ kind: '', days: 0, person: '' });
    expect(model.messages).toEqual([]);
  });

  test('finds names without minding marks', () => {
    const { model } = setup();
    model.type('andre');
    expect(model.chats.map((chat) => chat.name)).toEqual(['André']);
  });

  test('a hit is cut out with what is around it, and its words are no pattern', () => {
    const text = `${'a '.repeat(100)}needle${' b'.repeat(100)}`;
    const pieces = snippet(text, 'needle');
    expect(pieces.filter((piece) => piece.hit).map((piece) => piece.text)).toEqual(['needle']);
    expect(pieces.map((piece) => piece.text).join('').length).toBeLessThan(200);
    expect(snippet('a.b(c', '.b(').some((piece) => piece.hit)).toBe(true);
  });
});
