/** The keys that work everywhere. What is typed into a field stays there. */
import type { App } from '../../state/app.svelte.ts';
import type { Session } from '../../state/session.svelte.ts';

export const SHORTCUTS = [
  { keys: ['Ctrl', 'K'], text: 'shortcut.search' },
  { keys: ['Alt', '↑'], text: 'shortcut.previous' },
  { keys: ['Alt', '↓'], text: 'shortcut.next' },
  { keys: ['Enter'], text: 'shortcut.send' },
  { keys: ['Shift', 'Enter'], text: 'shortcut.newline' },
  { keys: ['↑'], text: 'shortcut.edit' },
  { keys: ['Ctrl', 'B'], text: 'shortcut.bold' },
  { keys: ['Ctrl', 'I'], text: 'shortcut.italic' },
  { keys: ['Esc'], text: 'shortcut.close' },
  { keys: ['?'], text: 'shortcut.help' },
] as const;

export function shortcuts(event: KeyboardEvent, app: App, session: Session): void {
  if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
  const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea, select, [contenteditable]');
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    app.dialog = { kind: 'search' };
  } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    const next = neighbour(session, app.router.place.id, event.key === 'ArrowDown' ? 1 : -1);
    if (!next) return;
    app.router.chat(next);
  } else if (event.key === '?' && !typing) {
    app.dialog = { kind: 'shortcuts' };
  } else if (event.key === 'Escape' && !typing) {
    if (app.router.place.panel) app.router.panel();
    else return;
  } else return;
  event.preventDefault();
}

function neighbour(session: Session, id: string | undefined, step: 1 | -1): string | undefined {
  const list = session.cache.chatList;
  if (list.length === 0) return undefined;
  const at = list.findIndex((chat) => chat.id === id);
  return list[at < 0 ? 0 : Math.min(list.length - 1, Math.max(0, at + step))]?.id;
}
