/** How a draft becomes requests: an edit, a text, or files with a text. */
import type { ProfileClient, Written } from '../../api/client.ts';
import type { Attachment } from '../../api/types.ts';
import type { Draft } from '../../state/drafts.svelte.ts';
import { isImage } from './files.svelte.ts';

type Api = Pick<ProfileClient, 'edit' | 'send' | 'upload' | 'sendAttachments'>;

/** Pictures go together with the text; each other file is a message of its own, the text before them if no picture carries it. */
export async function sendDraft(
  api: Api, chat: string, draft: Draft, text: Written, progress: (done: number, total: number) => void = () => {}, previews: string[] = [],
): Promise<void> {
  if (draft.editing) {
    await api.edit(draft.editing, text);
    return;
  }
  const reply = draft.replyTo || undefined;
  const files = draft.files.map((entry) => entry.file);
  const images = files.filter(isImage);
  const others = files.filter((file) => !isImage(file));
  if (images.length === 0 && text.text !== '') await (previews.length > 0 ? api.send(chat, text, reply, previews) : api.send(chat, text, reply));
  let done = 0;
  const upload = async (file: File) => {
    progress(done, files.length);
    const { id } = await api.upload(kindOf(file), file);
    done += 1;
    return id;
  };
  if (images.length > 0) {
    const uploads: string[] = [];
    for (const image of images) uploads.push(await upload(image));
    await api.sendAttachments(chat, uploads, text.text === '' ? undefined : text, reply);
  }
  for (const file of others) await api.sendAttachments(chat, [await upload(file)]);
}

function kindOf(file: File): Attachment['kind'] {
  if (isImage(file)) return 'image';
  return /^audio\/(aac|amr)$/.test(file.type) ? 'audio' : 'file';
}
