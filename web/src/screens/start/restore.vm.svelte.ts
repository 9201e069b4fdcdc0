/** Typing a recovery phrase: splits, suggests, and says what is wrong before the daemon has to. */
import type { Key } from '../../i18n/index.svelte.ts';

export const LENGTHS = [12, 15, 18, 21, 24] as const;

export class PhraseEntry {
  text = $state('');
  private list = $state.raw<readonly string[]>([]);

  readonly words = $derived(this.text.toLowerCase().trim().split(/\s+/).filter(Boolean));
  readonly unknown = $derived.by(() => {
    if (this.list.length === 0) return [];
    const known = new Set(this.list);
    const typing = !/\s$/.test(this.text);
    // The last word may still be typed.
    return this.words.filter((word, at) => !known.has(word) && !(typing && at === this.words.length - 1));
  });
  readonly suggestions = $derived.by(() => {
    const last = this.words.at(-1);
    if (!last || /\s$/.test(this.text)) return [];
    const found = this.list.filter((word) => word.startsWith(last));
    return found.length === 1 && found[0] === last ? [] : found.slice(0, 4);
  });

  learn(list: readonly string[]): void {
    this.list = list;
  }

  take(word: string): void {
    this.text = this.text.replace(/\S*$/, `${word} `);
  }

  /** What keeps it from being a phrase. Whether its checksum holds only the daemon can say. */
  problem(): Key | undefined {
    if (this.words.length === 0) return 'restore.empty';
    const known = new Set(this.list);
    if (this.list.length > 0 && this.words.some((word) => !known.has(word))) return 'restore.unknownWord';
    if (!LENGTHS.some((length) => length === this.words.length)) return 'restore.length';
    return undefined;
  }

  phrase(): string {
    return this.words.join(' ');
  }
}
