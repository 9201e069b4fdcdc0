/** People in the order of what they want: requests first, then contacts, then the rest. */
import type { Contact, ContactState } from '../../api/types.ts';
import type { Cache } from '../../state/cache.svelte.ts';
import { fold } from '../chats/chats.vm.svelte.ts';

export type GroupKey = 'contacts.asking' | 'contacts.mutual' | 'contacts.asked' | 'contacts.blocked';

const GROUPS: { key: GroupKey; states: ContactState[] }[] = [
  { key: 'contacts.asking', states: ['asking'] },
  { key: 'contacts.mutual', states: ['mutual'] },
  { key: 'contacts.asked', states: ['asked'] },
  { key: 'contacts.blocked', states: ['blocked'] },
];

export class ContactsModel {
  query = $state('');

  constructor(private readonly cache: Cache) {}

  readonly groups: { key: GroupKey; people: Contact[] }[] = $derived.by(() => {
    const wanted = fold(this.query.trim());
    const found = [...this.cache.contacts.values()]
      .filter((person) => fold(`${person.name} ${person.displayName ?? ''} ${person.key}`).includes(wanted))
      .sort((a, b) => a.name.localeCompare(b.name));
    return GROUPS.map(({ key, states }) => ({ key, people: found.filter((person) => states.includes(person.state)) }))
      .filter((group) => group.people.length > 0);
  });
}

/** What a person pasted: a key, or a link that carries one. */
export function readKey(text: string): string | undefined {
  const trimmed = text.trim();
  const key = /(?:^|[/#=])(zQ3[1-9A-HJ-NP-Za-km-z]{40,60}|0x04[0-9a-fA-F]{128})$/.exec(trimmed);
  return key?.[1];
}
