import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Chat, Message, Page } from '../../api/types.ts';
import { Cache } from '../../state/cache.svelte.ts';
import { SearchModel, snippet } from './search.vm.svelte.ts';

describe('search', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function setup() {
    const cache = new Cache({ messages: async () => ({ items: [] }) });
    const chats: Chat[] = ['Bob', 'André', 'Sunday dinner'].map((name, at) => ({ id: name, kind: 'one-to-one', name, unread: 0, activeAt: at }));
    cache.fill({ chats });
    const asked: string[] = [];
    const search = async (text: string, _chat?: string, signal?: AbortSignal): Promise<Page<Message>> => {
      asked.push(text);
      await new Promise((done) => setTimeout(done, text === 'slow' ? 1000 : 10));
      signal?.throwIfAborted();
      return { items: [{ id: text, chat: 'Bob', text } as Message] };
    };
    return { model: new SearchModel(cache, { search }), asked };
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
