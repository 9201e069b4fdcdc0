/** The browser's notifications, and the unread count in the tab. What a notification may say is decided by the daemon. */
import { preferences } from './preferences.svelte.ts';

export function notify(title: string, body: string | undefined, open: () => void): void {
  if (!preferences.notifications || document.hasFocus()) return;
  if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return;
  const notification = new Notification(title, { ...(body ? { body } : {}), icon: './icon.svg', tag: 'undertone' });
  notification.onclick = () => {
    window.focus();
    open();
    notification.close();
  };
}

export function showUnread(count: number): void {
  document.title = count > 0 ? `(${count > 999 ? '999+' : count}) Undertone` : 'Undertone';
  const icon = document.getElementById('icon');
  const wanted = count > 0 ? './icon-unread.svg' : './icon.svg';
  if (icon && icon.getAttribute('href') !== wanted) icon.setAttribute('href', wanted);
}
