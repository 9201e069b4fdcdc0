/** Links of a profile while they are edited. */
import type { ProfileLink } from '../../api/types.ts';

/** The links as they would be saved: without empty rows, an address without a scheme is one of the web. Undefined if one is wrong. */
export function readyLinks(rows: readonly ProfileLink[]): ProfileLink[] | undefined {
  const links: ProfileLink[] = [];
  for (const row of rows) {
    const [label, typed] = [row.label.trim(), row.url.trim()];
    if (label === '' && typed === '') continue;
    const url = /^[a-z][a-z0-9+.-]*:/i.test(typed) ? typed : `https://${typed}`;
    const length = [...label].length;
    if (length < 1 || length > 24 || typed === '' || !/^https?:\/\/[^\s/]+/i.test(url)) return undefined;
    links.push({ label, url });
  }
  return links;
}

/** Whether there is something to save. */
export function changedLinks(rows: readonly ProfileLink[], saved: readonly ProfileLink[]): boolean {
  return rows.length !== saved.length || rows.some((row, at) => row.label !== saved[at]!.label || row.url !== saved[at]!.url);
}

/** The links with one of them at another place; the same if there is no such place. */
export function moved<T>(rows: readonly T[], from: number, to: number): T[] {
  const next = [...rows];
  if (from in next && to in next) next.splice(to, 0, ...next.splice(from, 1));
  return next;
}

/** At most so many. */
export const LINKS = 20;
