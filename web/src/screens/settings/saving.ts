/** Changing one setting: the whole set goes out, and what the daemon answers is shown. */
import type { Settings } from '../../api/types.ts';
import type { App } from '../../state/app.svelte.ts';
import type { Session } from '../../state/session.svelte.ts';

export async function save(app: App, session: Session, change: Partial<Settings>): Promise<void> {
  const now = session.cache.settings;
  if (!now) return;
  const next = { ...now, ...change };
  const answer = await app.attempt(() => session.api.saveSettings(next));
  if (answer) session.cache.settings = answer;
}
