/** Our own profile as others see it. */
import type { Contact } from '../../api/types.ts';

/** Whether a stranger sees something else than a contact. */
export function differs(contact: Contact, stranger: Contact): boolean {
  const shown = ({ name, colour, picture, bio, links, presence }: Contact) => JSON.stringify([name, colour ?? 0, picture ?? '', bio ?? '', (links ?? []).map(({ label, url }) => [label, url]), presence?.state ?? '', presence?.text ?? '']);
  return shown(contact) !== shown(stranger);
}
