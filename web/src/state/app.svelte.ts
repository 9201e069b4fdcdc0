/**
 * The app as a whole: is the daemon there, which profiles are there, which one is open. One instance, made in `main.ts`.
 */
import { ApiError, type Client } from '../api/client.ts';
import type { Attachment, Profile } from '../api/types.ts';
import { Features } from '../api/features.ts';
import { Router } from './router.svelte.ts';
import { Session, type Hooks } from './session.svelte.ts';

export type Phase = 'starting' | 'unreachable' | 'stranger' | 'impostor' | 'welcome' | 'unlock' | 'open';

export type Dialog =
  | { kind: 'search' | 'add-contact' | 'new-group' | 'shortcuts' | 'phrase' | 'share' | 'password' }
  | { kind: 'public-chat'; name?: string }
  | { kind: 'join-group'; link?: string }
  | { kind: 'add-members' | 'export'; chat: string }
  | { kind: 'direct-files'; then: () => void }
  | { kind: 'forward'; text: string };

export interface Toast {
  id: number;
  text: string;
  kind: 'info' | 'error';
}

export class App {
  phase = $state.raw<Phase>('starting');
  profiles = $state.raw<Profile[]>([]);
  version = $state.raw('');
  session = $state.raw<Session | undefined>();
  toasts = $state.raw<Toast[]>([]);
  /** A new profile was made here: its recovery phrase has not been shown. */
  fresh = $state.raw(false);
  dialog = $state.raw<Dialog | undefined>();
  /** Pictures shown over everything. */
  viewer = $state.raw<{ images: Attachment[]; at: number; from: string } | undefined>();
  features = $state.raw(new Features(undefined));
  readonly router = new Router();
  private counter = 0;

  constructor(readonly client: Client, private readonly hooks: Omit<Hooks, 'locked' | 'returned'>) {}

  async start(): Promise<void> {
    const entered = await this.client.enter();
    if (entered !== 'in') {
      this.phase = entered === 'unreachable' ? 'unreachable' : entered === 'not-ours' ? 'impostor' : 'stranger';
      return;
    }
    try {
      const status = await this.client.status();
      this.profiles = status.profiles;
      this.version = status.version;
      this.features = new Features(await this.client.request('GET', '/v1/openapi.json').catch(() => undefined));
    } catch (error) {
      const foreign = error instanceof ApiError && (error.status === 401 || error.status === 403);
      this.phase = foreign ? 'stranger' : 'unreachable';
      return;
    }
    const open = this.profiles.find((profile) => profile.state === 'unlocked');
    if (open) this.enter(open);
    else this.phase = this.profiles.length === 0 ? 'welcome' : 'unlock';
  }

  enter(profile: Profile): void {
    this.session?.stop();
    this.session = new Session(profile.id, this.client, { ...this.hooks, locked: () => void this.left(), returned: () => void this.returned() });
    this.phase = 'open';
    this.session.start();
  }

  async lock(): Promise<void> {
    const session = this.session;
    if (!session) return;
    await this.client.lock(session.profile);
    await this.left();
  }

  /** The profile is locked, by us or by somebody else. */
  private async left(): Promise<void> {
    this.session?.stop();
    this.session = undefined;
    this.phase = 'starting';
    await this.start();
  }

  /** After a restart of the daemon: nobody is unlocked any more, and the person has to be asked again. */
  private async returned(): Promise<void> {
    const open = this.session?.profile;
    const status = await this.client.status().catch(() => undefined);
    if (!status || open === undefined || this.session?.profile !== open) return;
    const state = status.profiles.find((profile) => profile.id === open)?.state;
    if (state !== 'unlocked') await this.left();
    else this.session.hurry();
  }

  toast(text: string, kind: Toast['kind'] = 'info'): void {
    const toast = { id: ++this.counter, text, kind };
    this.toasts = [...this.toasts.slice(-2), toast];
    setTimeout(() => this.dismiss(toast.id), kind === 'error' ? 8000 : 4000);
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  /** Does something and says in a sentence what went wrong, if it did. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.toast(sentence(error), 'error');
      return undefined;
    }
  }
}

/** What went wrong, for a person. The daemon's own sentences are made for that. */
export function sentence(error: unknown): string {
  if (error instanceof Error && error.message) return error.message.charAt(0).toUpperCase() + error.message.slice(1);
  return String(error);
}
