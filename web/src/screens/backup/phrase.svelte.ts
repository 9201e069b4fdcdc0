/** Whether this person has written their recovery phrase down, as far as this browser knows. */
import { SvelteSet } from 'svelte/reactivity';
import type { Session } from '../../state/session.svelte.ts';

const KEY = 'undertone.phrase';
const confirmed = new SvelteSet<string>(read());

export function phraseConfirmed(session: Session): boolean {
  const state = session.cache.account?.phrase;
  return state === undefined ? confirmed.has(session.profile) : state !== 'kept';
}

export function confirmPhrase(session: Session): void {
  confirmed.add(session.profile);
  try {
    localStorage.setItem(KEY, JSON.stringify([...confirmed]));
  } catch {
    // It is asked again next time.
  }
}

/** Two different places among so many words. */
export function twoPlaces(count: number, random: () => number = Math.random): [number, number] {
  const first = Math.floor(random() * count);
  const second = (first + 1 + Math.floor(random() * (count - 1))) % count;
  return first < second ? [first, second] : [second, first];
}

function read(): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(list) ? list.filter((entry): entry is string => typeof entry === 'string') : [];
  } catch {
    return [];
  }
}
