/**
 * What was begun and not sent, per chat. The daemon keeps it, encrypted, and tells every window; what is here is only what
 * this window is typing, until the daemon says the same. Files that wait to go along are in this window alone.
 */
import { SvelteMap } from 'svelte/reactivity';
import type { Message, Named, SavedDraft } from '../api/types.ts';

export interface Draft {
  text: string;
  replyTo?: string;
  editing?: string;
  /** Names written as mentions, and whose they are. */
  mentions: Record<string, string>;
  files: readonly PendingFile[];
}

export interface PendingFile {
  id: number;
  file: File;
  /** A picture to show before it is sent. */
  preview?: string;
}

/** Where drafts are kept, and what is kept there now. */
export interface Keeper {
  said(chat: string): SavedDraft | undefined;
  keep(chat: string, draft: SavedDraft): Promise<unknown>;
}

type Words = Omit<Draft, 'files'>;

/** Something typed here that the daemon has not said yet. */
interface Typed {
  words: Words;
  /** Differs from what was last handed over. */
  changed: boolean;
  saving: boolean;
  timer?: ReturnType<typeof setTimeout> | undefined;
}

export class Drafts {
  private readonly words = new SvelteMap<string, Words>();
  private readonly files = new SvelteMap<string, readonly PendingFile[]>();
  private readonly typed = new Map<string, Typed>();
  /** What was being written when an edit began, until that ends. It is in this window alone. */
  private readonly aside = new Map<string, Words>();

  constructor(private readonly keeper: Keeper) {}

  get(chat: string): Draft {
    return { ...(this.words.get(chat) ?? fromSaved(this.keeper.said(chat))), files: this.files.get(chat) ?? NO_FILES };
  }

  put(chat: string, change: Partial<Draft>): void {
    const { files, ...words } = change;
    if (files) this.setFiles(chat, files);
    if (Object.keys(words).length === 0) return;
    const { files: _, ...before } = this.get(chat);
    this.type(chat, { ...before, ...words }, SAVE_AFTER);
  }

  /** Begins to edit a message: people stand in it by their names. What was being written comes back afterwards. */
  edit(chat: string, message: Message): void {
    const { files: _, ...before } = this.get(chat);
    if (!before.editing) this.aside.set(chat, before);
    const { text, mentions } = message.written ?? { text: message.text, mentions: [] };
    this.type(chat, { editing: message.id, text, mentions: record(mentions), replyTo: '' }, SAVE_AFTER);
  }

  /** Begins to answer a message; an edit is given up for it. */
  answer(chat: string, message: Message): void {
    if (this.get(chat).editing) this.clear(chat);
    this.put(chat, { replyTo: message.id });
  }

  /** Sent, or given up. */
  clear(chat: string): void {
    if (this.get(chat).editing) {
      this.type(chat, this.aside.get(chat) ?? fromSaved(undefined), 0);
      this.aside.delete(chat);
      return;
    }
    for (const file of this.files.get(chat) ?? []) if (file.preview) URL.revokeObjectURL(file.preview);
    this.setFiles(chat, NO_FILES);
    this.type(chat, fromSaved(undefined), 0);
  }

  /** Whether something would be lost with this window: files that wait, or words that an edit set aside. */
  get onlyHere(): boolean {
    return this.files.size > 0 || [...this.aside.values()].some((words) => words.text.trim() !== '');
  }

  /** The stream told what the daemon keeps for a chat. */
  heard(chat: string): void {
    const typed = this.typed.get(chat);
    if (typed && !typed.changed && !typed.saving) this.settle(chat, typed);
  }

  /** Everything was loaded anew: what was handed over is in it. */
  reloaded(): void {
    for (const chat of [...this.typed.keys()]) {
      const typed = this.typed.get(chat)!;
      if (!typed.changed && !typed.saving) this.forget(chat);
    }
    this.flush();
  }

  /** Hands over at once what waits: the window may be gone in a moment, or the daemon is back. */
  flush(): void {
    for (const [chat, typed] of this.typed) if (typed.changed && !typed.saving) void this.save(chat);
  }

  private setFiles(chat: string, files: readonly PendingFile[]): void {
    if (files.length === 0) this.files.delete(chat);
    else this.files.set(chat, files);
  }

  private type(chat: string, words: Words, after: number): void {
    const typed = this.typed.get(chat) ?? { words, changed: true, saving: false };
    clearTimeout(typed.timer);
    Object.assign(typed, { words, changed: true, timer: setTimeout(() => void this.save(chat), after) });
    this.typed.set(chat, typed);
    this.words.set(chat, words);
  }

  private async save(chat: string): Promise<void> {
    const typed = this.typed.get(chat);
    // What changes while something is on its way follows it.
    if (!typed || typed.saving || !typed.changed) return;
    clearTimeout(typed.timer);
    Object.assign(typed, { changed: false, saving: true });
    try {
      await this.keeper.keep(chat, toSaved(typed.words));
    } catch {
      // It stays here, and goes with the next change or when the daemon is back.
      Object.assign(typed, { changed: true, saving: false });
      return;
    }
    typed.saving = false;
    if (typed.changed) return void this.save(chat);
    if (same(toSaved(typed.words), this.keeper.said(chat))) this.forget(chat);
  }

  private settle(chat: string, typed: Typed): void {
    if (same(toSaved(typed.words), this.keeper.said(chat))) this.forget(chat);
  }

  private forget(chat: string): void {
    clearTimeout(this.typed.get(chat)?.timer);
    this.typed.delete(chat);
    this.words.delete(chat);
  }
}

/** The names in a list, as the daemon takes them. */
export function named(mentions: Record<string, string>): Named[] {
  return Object.entries(mentions).map(([name, key]) => ({ name, key }));
}

function record(mentions: readonly Named[] | undefined): Record<string, string> {
  return Object.fromEntries((mentions ?? []).map(({ name, key }) => [name, key]));
}

function fromSaved(saved: SavedDraft | undefined): Words {
  return { text: saved?.text ?? '', replyTo: saved?.replyTo ?? '', editing: saved?.edits ?? '', mentions: record(saved?.mentions) };
}

function toSaved(words: Words): SavedDraft {
  const mentions = named(words.mentions).filter(({ name }) => words.text.includes(`@${name}`));
  return {
    text: words.text,
    ...(mentions.length > 0 ? { mentions } : {}),
    ...(words.replyTo ? { replyTo: words.replyTo } : {}),
    ...(words.editing ? { edits: words.editing } : {}),
  };
}

/** Which names are meant is the daemon's to say; here it is enough that the words are the same. */
function same(typed: SavedDraft, said: SavedDraft | undefined): boolean {
  return typed.text === (said?.text ?? '') && typed.replyTo === said?.replyTo && typed.edits === said?.edits;
}

const NO_FILES: readonly PendingFile[] = [];
/** Milliseconds without another key. */
const SAVE_AFTER = 500;
