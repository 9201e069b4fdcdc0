/** What stands around a message in the timeline: day separators, the unread line, grouping. Looks at neighbours only. */
import type { Gap, GroupEvent, Message } from '../../api/types.ts';
import { sameDay } from '../../i18n/index.svelte.ts';

export interface Row {
  /** A day begins. */
  day: boolean;
  /** What follows is new to us. */
  unread: boolean;
  /** First and last of a run of one author. */
  first: boolean;
  last: boolean;
}

const TOGETHER_MS = 5 * 60_000;

export function describe(items: readonly Message[], at: number, unreadFrom: string | undefined): Row {
  const message = items[at]!;
  const before = items[at - 1];
  const after = items[at + 1];
  const day = !before || !sameDay(before.sentAt, message.sentAt);
  const unread = message.id === unreadFrom;
  return {
    day,
    unread,
    first: day || unread || !together(before, message),
    last: !after || after.id === unreadFrom || !sameDay(after.sentAt, message.sentAt) || !together(message, after),
  };
}

function together(a: Message | undefined, b: Message): boolean {
  return a !== undefined && a.author === b.author && isSaid(a) && isSaid(b) && Math.abs(b.sentAt - a.sentAt) < TOGETHER_MS;
}

/** What is missing between a message and the one before. */
export function gapsBefore(items: readonly Message[], at: number, gaps: readonly Gap[]): readonly Gap[] {
  if (gaps.length === 0) return gaps;
  const from = at === 0 ? -Infinity : items[at - 1]!.clock;
  const to = items[at]!.clock;
  return gaps.filter((gap) => gap.clock > from && gap.clock <= to);
}

/** What happened to the group between a message and the one before; before the first one, everything earlier. */
export function eventsBefore(items: readonly Message[], at: number, events: readonly GroupEvent[]): readonly GroupEvent[] {
  if (events.length === 0) return events;
  const from = at === 0 ? -Infinity : items[at - 1]!.clock;
  const to = at === items.length ? Infinity : items[at]!.clock;
  return events.filter((event) => event.clock > from && event.clock <= to);
}

/** The other pictures of the album that a message begins; nothing if it is in the middle of one. */
export function albumOf(items: readonly Message[], at: number): Message[] | undefined {
  const album = items[at]!.attachments?.[0]?.album;
  if (!album || items[at]!.deleted) return [];
  const same = (message: Message | undefined) => message?.attachments?.[0]?.album === album && !message.deleted;
  if (same(items[at - 1])) return undefined;
  const rest: Message[] = [];
  for (let next = at + 1; same(items[next]); next += 1) rest.push(items[next]!);
  return rest;
}

/** Something a person said, as opposed to a line about the chat. */
export function isSaid(message: Message): boolean {
  return message.kind !== 'system';
}

/** The first message that we have not read. */
export function firstUnread(items: readonly Message[]): string | undefined {
  let found: string | undefined;
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const message = items[at]!;
    if (message.own) continue;
    if (message.read) break;
    if (isSaid(message)) found = message.id;
  }
  return found;
}
