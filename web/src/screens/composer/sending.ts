/** How a draft becomes a request: an edit, a text, or files with a text. */
import type { ProfileClient } from '../../api/client.ts';
import type { Draft } from '../../state/drafts.svelte.ts';

export async function sendDraft(api: ProfileClient, chat: string, draft: Draft, text: string): Promise<void> {
  if (draft.editing) {
    await api.edit(draft.editing, text);
    return;
  }
  const reply = draft.replyTo || undefined;
  if (draft.files.length === 0) {
    await api.send(chat, text, reply);
    return;
  }
  await api.sendFiles(chat, draft.files.map((entry) => entry.file), text, reply);
}
