/** How components reach the app and the open session. */
import { getContext, setContext } from 'svelte';
import type { App } from './app.svelte.ts';
import type { Session } from './session.svelte.ts';

const APP = Symbol('app');

export function provideApp(app: App): void {
  setContext(APP, app);
}

export function useApp(): App {
  return getContext<App>(APP);
}

/** The open session; only below the shell, which is there only while one is open. */
export function useSession(): Session {
  const session = useApp().session;
  if (!session) throw new Error('no profile is open');
  return session;
}
