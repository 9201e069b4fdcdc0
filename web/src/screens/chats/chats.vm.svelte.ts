/** The list of chats: filter by words and by kind. */
import type { Chat } from '../../api/types.ts';
import type { Cache } from '../../state/cache.svelte.ts';

export type Filter = 'all' | 'unread' | 'groups';

export class ChatListModel {
  query = $state('');
  filter = $state<Filter>('all');

  constructor(private readonly cache: Cache) {}

  readonly chats: Chat[] = $derived.by(() => {
    const words = fold(this.query).split(/\s+/).filter(Boolean);
    return this.cache.chatList.filter((chat) => {
      if (chat.kind === 'community') return false;
      if (this.filter === 'unread' && chat.unread === 0) return false;
      if (this.filter === 'groups' && chat.kind === 'one-to-one') return false;
      const name = fold(chat.name);
      return words.every((word) => name.includes(word));
    });
  });

  readonly filtering = $derived(this.query.trim() !== '' || this.filter !== 'all');
}

/** Letters without case and marks, so that "andre" finds "André". */
export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
