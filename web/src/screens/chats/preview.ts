/** One line about a message, for lists, quotes and notifications. */
import type { Message } from '../../api/types.ts';
import { t } from '../../i18n/index.svelte.ts';
import { flat } from '../../text/look.ts';

type Shown = Pick<Message, 'kind' | 'text' | 'deleted' | 'blocks' | 'attachments'> & Partial<Pick<Message, 'happening' | 'own' | 'authorName'>>;

export function preview(message: Shown): string {
  if (message.deleted) return t('message.deleted');
  if (message.happening === 'pinned') return t(message.own ? 'line.pinnedOwn' : 'line.pinned', { name: message.authorName ?? '' });
  const text = flat(message);
  switch (message.kind) {
    case 'image': {
      const count = message.attachments?.[0]?.albumSize ?? message.attachments?.length ?? 1;
      return text || t('preview.images', { count });
    }
    case 'audio':
      return t('preview.audio');
    case 'file':
      return message.attachments?.[0]?.name ?? t('preview.file');
    case 'sticker':
      return t('preview.sticker');
    case 'community':
      return text || t('card.invitation');
    case 'contact-request':
      return text || t('preview.request');
    case 'other':
      return text || t('preview.other');
    default:
      return text;
  }
}
