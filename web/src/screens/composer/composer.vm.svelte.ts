/** Writing a message: text and selection, mentions, marks, limits, and what is sent. No document needed. */
import type { Message } from '../../api/types.ts';
import type { Written } from '../../api/client.ts';
import { named, type Draft, type Drafts } from '../../state/drafts.svelte.ts';
import { fold } from '../chats/chats.vm.svelte.ts';

/** Characters in a message (the protocol's limit). */
export const LONGEST = 4096;
/** Characters of the key that is sent in place of a name. */
export const KEY_LENGTH = 132;
/** From here on the number left is shown. */
const COUNT_FROM = 3800;
/** The word that calls everybody in a chat. */
export const EVERYBODY = 'everyone';

export interface Candidate {
  key: string;
  name: string;
  color?: number | string | undefined;
  picture?: string | undefined;
}

export interface Edit {
  text: string;
  from: number;
  to: number;
}

export class ComposerModel {
  /** Where the caret is; the view keeps it current. */
  caret = $state(0);
  selected = $state(false);
  choice = $state(0);
  private dismissed = $state('');

  constructor(private readonly chat: string, private readonly drafts: Drafts, private readonly people: () => Candidate[]) {}

  readonly draft: Draft = $derived.by(() => this.drafts.get(this.chat));
  readonly length = $derived(sentLength(this.draft.text, this.draft.mentions));
  readonly left = $derived(LONGEST - this.length);
  readonly counting = $derived(this.length >= COUNT_FROM);
  readonly canSend = $derived(
    (this.draft.text.trim() !== '' || (this.draft.files.length > 0 && !this.draft.editing)) && this.left >= 0,
  );

  /** The word after an `@` before the caret. */
  readonly mention = $derived.by(() => {
    const match = /(?:^|\s)@([\p{L}\p{N}_-]{0,24})$/u.exec(this.draft.text.slice(0, this.caret));
    return match ? match[1]! : undefined;
  });
  readonly candidates = $derived.by(() => {
    const word = this.mention;
    if (word === undefined || word === this.dismissed) return [];
    const wanted = fold(word);
    return this.people()
      .filter((person) => fold(person.name).split(/[\s_-]+/).some((part) => part.startsWith(wanted)) || fold(person.name).startsWith(wanted))
      .slice(0, 6);
  });

  type(text: string): void {
    this.dismissed = '';
    this.choice = 0;
    this.drafts.put(this.chat, { text });
  }

  dismiss(): void {
    this.dismissed = this.mention ?? '';
  }

  /** Puts a person's name where the `@` word is, or their key if somebody else in the text has this name. */
  complete(person: Candidate): Edit {
    const { mentions } = this.draft;
    const everybody = person.key === EVERYBODY;
    const taken = !everybody && (person.name === EVERYBODY || (mentions[person.name] ?? person.key) !== person.key);
    const before = this.draft.text.slice(0, this.caret).replace(/@[\p{L}\p{N}_-]*$/u, `@${taken ? person.key : person.name} `);
    const text = before + this.draft.text.slice(this.caret);
    this.drafts.put(this.chat, { text, mentions: everybody || taken ? mentions : { ...mentions, [person.name]: person.key } });
    return { text, from: before.length, to: before.length };
  }

  insert(piece: string, from: number, to: number): Edit {
    const text = this.draft.text.slice(0, from) + piece + this.draft.text.slice(to);
    this.drafts.put(this.chat, { text });
    return { text, from: from + piece.length, to: from + piece.length };
  }

  /** Puts marks around the selection, or takes them away if they are there. */
  mark(sign: string, from: number, to: number): Edit {
    const { text } = this.draft;
    const inner = text.slice(from, to);
    if (text.slice(from - sign.length, from) === sign && text.slice(to, to + sign.length) === sign) {
      const bare = text.slice(0, from - sign.length) + inner + text.slice(to + sign.length);
      this.drafts.put(this.chat, { text: bare });
      return { text: bare, from: from - sign.length, to: to - sign.length };
    }
    const marked = text.slice(0, from) + sign + inner + sign + text.slice(to);
    this.drafts.put(this.chat, { text: marked });
    return { text: marked, from: from + sign.length, to: to + sign.length };
  }

  quote(from: number, to: number): Edit {
    const { text } = this.draft;
    const start = text.lastIndexOf('\n', from - 1) + 1;
    const quoted = text.slice(start, to).split('\n').map((line) => `> ${line}`).join('\n');
    const result = text.slice(0, start) + quoted + text.slice(to);
    this.drafts.put(this.chat, { text: result });
    return { text: result, from: start, to: start + quoted.length };
  }

  /** The text as it is handed over, with whose names stand in it. */
  outgoing(): Written {
    const text = this.draft.text.trim();
    const mentions = named(this.draft.mentions).filter(({ name }) => text.includes(`@${name}`));
    return mentions.length > 0 ? { text, mentions } : { text };
  }

  stopEditing(): void {
    this.drafts.clear(this.chat);
  }

  edit(message: Message): void {
    this.drafts.edit(this.chat, message);
  }
}

/** Characters of a text as it is sent, with keys in place of names. */
function sentLength(text: string, mentions: Record<string, string>): number {
  const longer = Object.keys(mentions).map((name) => (text.split(`@${name}`).length - 1) * (KEY_LENGTH - [...name].length));
  return longer.reduce((sum, more) => sum + more, [...text].length);
}
