/** Emoji with names in the person's language; fetched when the picker opens for the first time. */
import type { CompactEmoji } from 'emojibase';
import { fold } from '../chats/chats.vm.svelte.ts';

export interface Emoji {
  unicode: string;
  label: string;
  find: string;
  group: number;
}

const loaded = new Map<string, Promise<Emoji[]>>();

export function emoji(language: string): Promise<Emoji[]> {
  const wanted = language === 'de' ? 'de' : 'en';
  let list = loaded.get(wanted);
  if (!list) {
    list = load(wanted).catch((error: unknown) => {
      loaded.delete(wanted);
      throw error;
    });
    loaded.set(wanted, list);
  }
  return list;
}

async function load(language: 'en' | 'de'): Promise<Emoji[]> {
  const module = language === 'de' ? await import('emojibase-data/de/compact.json') : await import('emojibase-data/en/compact.json');
  return (module.default as unknown as CompactEmoji[])
    // 2 holds parts of others such as skin tones.
    .filter((entry) => entry.group !== undefined && entry.group !== 2)
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map((entry) => ({ unicode: entry.unicode, label: entry.label, find: fold([entry.label, ...(entry.tags ?? [])].join(' ')), group: entry.group! }));
}

export function search(list: readonly Emoji[], query: string): Emoji[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  return list.filter((entry) => words.every((word) => entry.find.includes(word)));
}

export const GROUPS = [0, 1, 3, 4, 5, 6, 7, 8, 9] as const;
export const GROUP_SIGNS: Record<number, string> = { 0: '😀', 1: '👋', 3: '🐻', 4: '🍎', 5: '✈️', 6: '⚽', 7: '💡', 8: '❤️', 9: '🏁' };

const RECENT = 'undertone.emoji';
export const USUAL = ['👍', '❤️', '😂', '😮', '😢', '🙏'];

export function recent(): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(RECENT) ?? '[]');
    return Array.isArray(list) ? list.filter((entry): entry is string => typeof entry === 'string' && entry.length < 20).slice(0, 16) : [];
  } catch {
    return [];
  }
}

export function used(unicode: string): void {
  try {
    localStorage.setItem(RECENT, JSON.stringify([unicode, ...recent().filter((entry) => entry !== unicode)].slice(0, 16)));
  } catch {
    // Storage is off: nothing is remembered.
  }
}
