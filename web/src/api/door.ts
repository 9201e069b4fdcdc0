/**
 * How this window shows the daemon that it may speak, and how the daemon shows that it is the one we know.
 *
 * `undertone open` gives the browser a cookie and this window a key. The key stays in memory; what goes over the wire with
 * every request is the secret made from it for this run of the daemon, and only after the daemon proved that it knows the
 * key. So a program that takes the daemon's port while it is away learns nothing of use, and a daemon that comes back lets
 * the open window go on by itself. A window that was loaded again has the secret (in `sessionStorage`) and is given the
 * key for it; a new window asks the others of this browser.
 *
 * Keeps no state of the app and shows nothing.
 */
export const PAGE_HEADER = 'Undertone-Page';
export const NO_SESSION = 'no_session';

export interface Surroundings {
  fetch(path: string, init: RequestInit): Promise<Response>;
  /** As the browser sends it: 127.0.0.1 and the port. */
  host: string;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  channel?: Pick<BroadcastChannel, 'postMessage' | 'onmessage'>;
  wait(ms: number): Promise<void>;
}

export class Door {
  private key: string | undefined;
  private page: string | undefined;
  private entering: Promise<Entered> | undefined;
  private handed: ((key: string) => void) | undefined;

  constructor(private readonly around: Surroundings) {
    if (around.channel) around.channel.onmessage = (event) => void this.heard(event.data);
  }

  /** What every request carries; undefined before `enter`. */
  secret(): string | undefined {
    return this.page;
  }

  /** What the event stream's WebSocket offers. */
  protocols(): string[] {
    return this.page ? ['undertone.v1', `undertone.page.${this.page}`] : ['undertone.v1'];
  }

  /**
   * Makes this window known: at its start, and whenever a request was refused with `no_session` or the stream broke.
   * Several callers share one attempt.
   */
  enter(): Promise<Entered> {
    this.entering ??= this.attempt().finally(() => (this.entering = undefined));
    return this.entering;
  }

  private async attempt(): Promise<Entered> {
    try {
      const { storage } = this.around;
      const fresh = storage.getItem(FRESH_KEY);
      if (fresh) {
        storage.removeItem(FRESH_KEY);
        this.key = fresh;
      }
      if (!this.key) this.key = (await this.keyForSecret()) ?? (await this.keyOfAnotherWindow());
      return this.key ? await this.prove(this.key) : 'no-session';
    } catch (error) {
      if (error instanceof Unreachable) return 'unreachable';
      throw error;
    }
  }

  /** The daemon proves itself, then the secret of its run is made. */
  private async prove(key: string): Promise<Entered> {
    const nonce = hex(crypto.getRandomValues(new Uint8Array(32)));
    const answer = await this.post('/v1/door/hello', { nonce });
    if (answer.status === 401) {
      this.forget();
      return 'no-session';
    }
    if (!answer.ok) return 'unreachable';
    const { run, proof } = await fields(answer);
    if (typeof run !== 'string') return 'not-ours';
    if (proof !== (await mac(key, ['undertone daemon', nonce, run, this.around.host]))) return 'not-ours';
    this.page = await mac(key, ['undertone page', run, this.around.host]);
    this.around.storage.setItem(SECRET, this.page);
    return 'in';
  }

  /** After a reload: the secret of this run buys the key back. */
  private async keyForSecret(): Promise<string | undefined> {
    const secret = this.around.storage.getItem(SECRET);
    if (!secret) return undefined;
    const answer = await this.post('/v1/door/key', undefined, secret);
    if (!answer.ok) return undefined;
    const { key } = await fields(answer);
    return typeof key === 'string' ? key : undefined;
  }

  /** A new window: another one of this browser hands the key over, after asking the daemon for its proof. */
  private async keyOfAnotherWindow(): Promise<string | undefined> {
    const { channel, wait } = this.around;
    if (!channel) return undefined;
    const answer = new Promise<string>((resolve) => (this.handed = resolve));
    channel.postMessage({ kind: 'ask' });
    const key = await Promise.race([answer, wait(OTHERS_WITHIN_MS).then(() => undefined)]);
    this.handed = undefined;
    return key;
  }

  private async heard(message: unknown): Promise<void> {
    const { kind, key } = object(message);
    if (kind === 'ask' && this.key && (await this.enter()) === 'in') {
      this.around.channel?.postMessage({ kind: 'key', key: this.key });
    } else if (kind === 'key' && typeof key === 'string') {
      this.handed?.(key);
    }
  }

  private forget(): void {
    this.key = undefined;
    this.page = undefined;
    this.around.storage.removeItem(SECRET);
  }

  private async post(path: string, body?: unknown, secret?: string): Promise<Response> {
    const headers: Record<string, string> = { 'Content-Type': 'application/json' };
    if (secret) headers[PAGE_HEADER] = secret;
    try {
      return await this.around.fetch(path, {
        method: 'POST',
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        credentials: 'same-origin',
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
    } catch {
      throw new Unreachable();
    }
  }
}

/**
 * What came of it: in; the person has to run `undertone open`; nobody answers; or somebody answers who is not our daemon.
 */
export type Entered = 'in' | 'no-session' | 'unreachable' | 'not-ours';

/** The door of the page that this script runs in. */
export function pageDoor(host = location.host): Door {
  return new Door({
    fetch: (path, init) => fetch(path, init),
    host,
    storage: sessionStorage,
    channel: new BroadcastChannel('undertone.door'),
    wait: (ms) => new Promise((done) => setTimeout(done, ms)),
  });
}

class Unreachable extends Error {}

async function fields(answer: Response): Promise<Record<string, unknown>> {
  return object(await answer.json().catch(() => undefined));
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

async function mac(key: string, parts: string[]): Promise<string> {
  const text = new TextEncoder();
  const imported = await crypto.subtle.importKey('raw', text.encode(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return hex(new Uint8Array(await crypto.subtle.sign('HMAC', imported, text.encode(parts.join('\n')))));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Where `/open` leaves the key, for the moment until the app starts. */
const FRESH_KEY = 'undertone.key';
const SECRET = 'undertone.secret';
const ANSWER_WITHIN_MS = 10_000;
const OTHERS_WITHIN_MS = 1_000;
