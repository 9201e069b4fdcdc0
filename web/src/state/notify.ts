/** The browser's notifications, and the unread count in the tab. What a notification may say is decided by the daemon. */
import type { Notification as Decided } from '../api/types.ts';
import { t } from '../i18n/index.svelte.ts';
import { preferences } from './preferences.svelte.ts';

export function notify(decided: Decided, open: () => void): void {
  if (!preferences.notifications || document.hasFocus()) return;
  if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return;
  const title = decided.title ?? (decided.messages > 0 ? t('notify.messages', { count: decided.messages }) : t('notify.event'));
  const notification = new Notification(title, {
    ...(decided.body ? { body: decided.body } : {}), icon: './icon.svg', tag: decided.chat ?? 'undertone', silent: !decided.sound,
  });
  notification.onclick = () => {
    window.focus();
    open();
    notification.close();
  };
}

/** Whose app this is, and how much of it waits: windows of several profiles are told apart by it. */
export function showUnread(count: number, whose?: string): void {
  const title = whose ? `${whose} · Undertone` : 'Undertone';
  document.title = count > 0 ? `(${count > 999 ? '999+' : count}) ${title}` : title;
  const icon = document.getElementById('icon');
  const wanted = count > 0 ? './icon-unread.svg' : './icon.svg';
  if (icon && icon.getAttribute('href') !== wanted) icon.setAttribute('href', wanted);
}
