/**
 * What was begun and not sent, per chat. Kept in memory only: unsent words must not lie unencrypted in the browser's files.
 */
import { SvelteMap } from 'svelte/reactivity';

export interface Draft {
  text: string;
  replyTo?: string;
  editing?: string;
  /** Names written as mentions, and whose they are. */
  mentions: Record<string, string>;
  files: PendingFile[];
}

export interface PendingFile {
  id: number;
  file: File;
  /** A picture to show before it is sent. */
  preview?: string;
}

export class Drafts {
  private readonly drafts = new SvelteMap<string, Draft>();

  get(chat: string): Draft {
    return this.drafts.get(chat) ?? EMPTY;
  }

  put(chat: string, change: Partial<Draft>): void {
    const draft = { ...this.get(chat), ...change };
    if (draft.text === '' && !draft.replyTo && !draft.editing && draft.files.length === 0) this.drafts.delete(chat);
    else this.drafts.set(chat, draft);
  }

  clear(chat: string): void {
    for (const file of this.get(chat).files) if (file.preview) URL.revokeObjectURL(file.preview);
    this.drafts.delete(chat);
  }
}

const EMPTY: Draft = { text: '', mentions: {}, files: [] };
