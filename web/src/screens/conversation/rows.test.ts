import { describe as group, expect, test } from 'vitest';
import type { Message } from '../../api/types.ts';
import { albumOf, describe, eventsBefore, firstUnread, gapsBefore } from './rows.ts';

const noon = new Date(2026, 4, 5, 12).getTime();
function message(id: number, author: string, minute: number, more: Partial<Message> = {}): Message {
  return { id: String(id), chat: 'c', kind: 'text', author, authorName: author, own: author === 'me', text: '', sentAt: noon + minute * 60_000, clock: id, read: true, ...more };
}

group('what stands around a message', () => {
  test('a run of one author within minutes is one group', () => {
    const items = [message(1, 'a', 0), message(2, 'a', 2), message(3, 'b', 3), message(4, 'b', 30)];
    expect(items.map((_, at) => describe(items, at, undefined)).map(({ first, last }) => [first, last])).toEqual([[true, false], [false, true], [true, true], [true, true]]);
  });

  test('a day, the unread line and a system line part a group', () => {
    const items = [message(1, 'a', 0), message(2, 'a', 1), message(3, 'a', 2, { kind: 'system' }), message(4, 'a', 3), message(5, 'a', 24 * 60)];
    const rows = items.map((_, at) => describe(items, at, '2'));
    expect(rows.map((row) => row.day)).toEqual([true, false, false, false, true]);
    expect(rows.map((row) => row.unread)).toEqual([false, true, false, false, false]);
    expect(rows[0]!.last).toBe(true);
    expect(rows[3]!.first).toBe(true);
  });

  test('the first unread message is the oldest of the unread at the end', () => {
    const items = [message(1, 'a', 0, { read: false }), message(2, 'a', 1), message(3, 'a', 2, { read: false }), message(4, 'me', 3), message(5, 'a', 4, { read: false })];
    expect(firstUnread(items)).toBe('3');
    expect(firstUnread([])).toBeUndefined();
  });
});

group('albums and gaps', () => {
  const picture = (id: number, album?: string) => message(id, 'a', id, { kind: 'image', attachments: [{ id: String(id), kind: 'image', mime: 'image/jpeg', size: 1, ...(album ? { album } : {}) }] });

  test('pictures of one album are drawn by its first, the others not at all', () => {
    const items = [picture(1), picture(2, 'x'), picture(3, 'x'), picture(4, 'y'), message(5, 'a', 5)];
    expect(items.map((_, at) => albumOf(items, at)?.map((other) => other.id))).toEqual([[], ['3'], undefined, [], []]);
  });

  test('a deleted picture stands alone', () => {
    const items = [picture(1, 'x'), { ...picture(2, 'x'), deleted: true }, picture(3, 'x')];
    expect(items.map((_, at) => albumOf(items, at)?.length)).toEqual([0, 0, 0]);
  });

  test('each gap stands once, right before its place', () => {
    const items = [message(10, 'a', 0), message(20, 'a', 1), message(30, 'a', 2)];
    const gaps = [5, 10, 15, 20, 31].map((clock) => ({ before: `g${clock}`, clock, count: 1, state: 'searching' as const }));
    expect(items.map((_, at) => gapsBefore(items, at, gaps).map((gap) => gap.clock))).toEqual([[5, 10], [15, 20], []]);
  });

  test('each change of a group stands once, before, between and after the messages', () => {
    const items = [message(10, 'a', 0), message(20, 'a', 1)];
    const events = [5, 15, 25].map((clock) => ({ clock, author: 'a', authorName: 'A', kind: 'renamed' as const, text: 'x' }));
    expect([0, 1, 2].map((at) => eventsBefore(items, at, events).map((event) => event.clock))).toEqual([[5], [15], [25]]);
    expect(eventsBefore([], 0, events).length).toBe(3);
  });
});
