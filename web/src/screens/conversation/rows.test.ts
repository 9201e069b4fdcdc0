import { describe as group, expect, test } from 'vitest';
import type { Message } from '../../api/types.ts';
import { describe, firstUnread } from './rows.ts';

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
