/** What a person may be called and which passwords are taken, said before the daemon has to refuse it. */
import type { Key } from '../../i18n/index.svelte.ts';

export function nameProblem(name: string): Key | undefined {
  const length = [...name].length;
  if (name.startsWith(' ') || name.endsWith(' ')) return 'name.spaces';
  if (/[^\p{ASCII}]/u.test(name) || /[^A-Za-z0-9 _-]/.test(name)) return 'name.letters';
  if (length < 5) return 'name.short';
  if (length > 24) return 'name.long';
  if (/[.\-_]eth$/i.test(name)) return 'name.eth';
  return undefined;
}

export const SHORTEST_PASSWORD = 10;

export function passwordProblem(password: string, repeated?: string): Key | undefined {
  if ([...password].length < SHORTEST_PASSWORD) return 'password.short';
  if (repeated !== undefined && repeated !== password) return 'password.different';
  return undefined;
}

/** How hard a password is to guess, roughly: 0 to 3. Length counts most. */
export function strength(password: string): 0 | 1 | 2 | 3 {
  const length = [...password].length;
  if (length < SHORTEST_PASSWORD) return 0;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length;
  const different = new Set(password).size;
  const score = length + kinds * 2 + different / 2;
  return score > 30 ? 3 : score > 22 ? 2 : 1;
}
