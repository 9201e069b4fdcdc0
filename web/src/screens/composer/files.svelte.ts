/** Files on their way into a message: what fits, and why something does not. */
import type { ChatAbilities } from '../../api/types.ts';
import type { Key } from '../../i18n/index.svelte.ts';
import type { PendingFile } from '../../state/drafts.svelte.ts';

/** Lets a whole conversation take what is dropped on it. */
export class Dropped {
  over = $state(false);
  take: ((files: File[]) => void) | undefined;
}

export const MOST_IMAGES = 6;
export const LARGEST_IMAGE = 10_000_000;
export const LARGEST_FILE = 1_000_000_000;
/** What is larger goes from one device to the other, if the person allows it. */
export const LARGEST_BY_NETWORK = 5_000_000;

let counter = 0;

/** Adds files to those that wait; what cannot be taken, or not in this chat, comes back as a reason. */
export function addFiles(waiting: readonly PendingFile[], files: readonly File[], can: ChatAbilities): { files: PendingFile[]; problem?: Key } {
  const result = [...waiting];
  let problem: Key | undefined;
  for (const file of files) {
    const image = isImage(file);
    if (file.size === 0) problem = 'files.empty';
    else if (image ? !can.pictures : !can.files) problem = 'files.notHere';
    else if (image && file.size > LARGEST_IMAGE) problem = 'files.imageTooLarge';
    else if (file.size > LARGEST_FILE) problem = 'files.tooLarge';
    else if (!image && file.size > LARGEST_BY_NETWORK && !can.largeFiles) problem = 'files.tooLargeHere';
    else if (image && result.filter((entry) => isImage(entry.file)).length >= MOST_IMAGES) problem = 'files.tooMany';
    else result.push({ id: ++counter, file });
  }
  return problem ? { files: result, problem } : { files: result };
}

/** Whether a chat takes anything besides words. */
export function takesFiles(can: ChatAbilities): boolean {
  return can.pictures === true || can.files === true;
}

export function isImage(file: { type: string }): boolean {
  return /^image\/(png|jpeg|gif|webp|avif)$/.test(file.type);
}
