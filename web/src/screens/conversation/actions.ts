/** What can be done with a message, as a menu. */
import Copy from '@lucide/svelte/icons/copy';
import Forward from '@lucide/svelte/icons/forward';
import Microscope from '@lucide/svelte/icons/scan-eye';
import Pencil from '@lucide/svelte/icons/pencil';
import Pin from '@lucide/svelte/icons/pin';
import PinOff from '@lucide/svelte/icons/pin-off';
import Reply from '@lucide/svelte/icons/reply';
import SmilePlus from '@lucide/svelte/icons/smile-plus';
import Trash from '@lucide/svelte/icons/trash-2';
import type { Chat, Message } from '../../api/types.ts';
import type { App } from '../../state/app.svelte.ts';
import type { Session } from '../../state/session.svelte.ts';
import type { MenuItem } from '../../ui/Menu.svelte';
import { t } from '../../i18n/index.svelte.ts';

export function canEdit(message: Message): boolean {
  return message.own && !message.deleted && message.kind === 'text';
}

export function actions(
  message: Message, chat: Chat, app: App, session: Session, ui: { ask: () => void; pick: () => void },
): (MenuItem | false)[] {
  const writable = chat.can.write === true;
  const there = !message.deleted;
  return [
    there && writable && { label: t('message.reply'), icon: Reply, run: () => session.drafts.answer(chat.id, message) },
    there && writable && app.features.has('react') && { label: t('message.react'), icon: SmilePlus, run: ui.pick },
    writable && app.features.has('edit') && canEdit(message) && {
      label: t('message.edit'), icon: Pencil,
      run: () => session.drafts.edit(chat.id, message),
    },
    there && message.text !== '' && { label: t('message.copy'), icon: Copy, run: () => void copy(message.text, app) },
    there && message.text !== '' && { label: t('message.forward'), icon: Forward, run: () => (app.dialog = { kind: 'forward', text: message.text }) },
    there && chat.can.pin === true && {
      label: message.pinned ? t('message.unpin') : t('message.pin'), icon: message.pinned ? PinOff : Pin,
      run: () => void app.attempt(() => session.api.pin(message.id, !message.pinned)),
    },
    app.features.has('trace') && { label: t('message.details'), icon: Microscope, run: () => app.router.panel('details', message.id) },
    there && app.features.has('remove') && { label: t('message.delete'), icon: Trash, danger: true, run: ui.ask },
  ];
}

export function react(session: Session, message: Message, emoji: string): Promise<unknown> {
  const own = message.reactions?.find((reaction) => reaction.emoji === emoji)?.own ?? false;
  return session.api.react(message.id, emoji, !own);
}

async function copy(text: string, app: App): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    app.toast(t('common.copied'));
  } catch {
    app.toast(t('common.copyFailed'), 'error');
  }
}
