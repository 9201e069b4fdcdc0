import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Door, PAGE_HEADER, type Surroundings } from './door.ts';

const HOST = '127.0.0.1:7667';

function mac(key: string, ...parts: string[]): string {
  return createHmac('sha256', key).update(parts.join('\n')).digest('hex');
}

/** A daemon that knows one session. */
class Daemon {
  run = randomBytes(32).toString('hex');
  key: string | undefined = randomBytes(32).toString('hex');
  heard: string[] = [];
  away = false;
  host = HOST;

  secret(): string {
    return mac(this.key ?? '', 'undertone page', this.run, HOST);
  }

  fetch = async (path: string, init: RequestInit): Promise<Response> => {
    if (this.away) throw new TypeError('refused');
    this.heard.push(`${path} ${JSON.stringify(init)}`);
    if (!this.key) return new Response('{}', { status: 401 });
    if (path === '/v1/door/hello') {
      const { nonce } = JSON.parse(String(init.body)) as { nonce: string };
      expect(nonce).toMatch(/^[0-9a-f]{64}$/);
      return Response.json({ run: this.run, proof: mac(this.key, 'undertone daemon', nonce, this.run, this.host) });
    }
    const given = (init.headers as Record<string, string>)[PAGE_HEADER];
    return given === this.secret() ? Response.json({ key: this.key }) : new Response('{}', { status: 401 });
  };
}

function window(daemon: Daemon, channel?: Surroundings['channel']) {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  };
  const around: Surroundings = { fetch: daemon.fetch, host: HOST, storage, wait: () => Promise.resolve() };
  if (channel) around.channel = channel;
  return { kept, around, door: new Door(around) };
}

describe('the door', () => {
  test('a key handed over lets the window in, and is kept nowhere but in memory', async () => {
    const daemon = new Daemon();
    const { kept, door } = window(daemon);
    kept.set('undertone.key', daemon.key!);
    expect(await door.enter()).toBe('in');
    expect(door.secret()).toBe(daemon.secret());
    expect(door.protocols()).toEqual(['undertone.v1', `undertone.page.${daemon.secret()}`]);
    expect([...kept.values()]).toEqual([daemon.secret()]);
  });

  test('a window that is loaded again goes on', async () => {
    const daemon = new Daemon();
    const { kept, around, door } = window(daemon);
    kept.set('undertone.key', daemon.key!);
    await door.enter();
    const again = new Door(around);
    expect(await again.enter()).toBe('in');
    expect(again.secret()).toBe(daemon.secret());
  });

  test('a daemon that comes back is recognised, and gets a new secret', async () => {
    const daemon = new Daemon();
    const { kept, door } = window(daemon);
    kept.set('undertone.key', daemon.key!);
    await door.enter();
    const old = door.secret();
    daemon.away = true;
    expect(await door.enter()).toBe('unreachable');
    daemon.away = false;
    daemon.run = randomBytes(32).toString('hex');
    expect(await door.enter()).toBe('in');
    expect(door.secret()).toBe(daemon.secret());
    expect(door.secret()).not.toBe(old);
  });

  test('whoever took the port learns nothing', async () => {
    const daemon = new Daemon();
    const { kept, door } = window(daemon);
    kept.set('undertone.key', daemon.key!);
    await door.enter();
    const secrets = [daemon.key!, daemon.secret()];
    daemon.heard = [];
    const key = daemon.key!;
    for (const answer of [
      { run: daemon.run, proof: '0'.repeat(64) },
      { run: daemon.run },
      null,
    ]) {
      daemon.fetch = async (path, init) => {
        daemon.heard.push(`${path} ${JSON.stringify(init)}`);
        return Response.json(answer);
      };
      const impostor = window(daemon);
      impostor.kept.set('undertone.key', key);
      expect(await impostor.door.enter()).toBe('not-ours');
      expect(impostor.door.secret()).toBeUndefined();
    }
    expect(daemon.heard.length).toBe(3);
    for (const secret of secrets) expect(daemon.heard.join()).not.toContain(secret);
  });

  test('a proof for another port is no proof', async () => {
    const daemon = new Daemon();
    daemon.host = '127.0.0.1:7668';
    const { kept, door } = window(daemon);
    kept.set('undertone.key', daemon.key!);
    expect(await door.enter()).toBe('not-ours');
  });

  test('a session that the daemon forgot is forgotten', async () => {
    const daemon = new Daemon();
    const { kept, door } = window(daemon);
    expect(await door.enter()).toBe('no-session');
    kept.set('undertone.key', daemon.key!);
    await door.enter();
    daemon.key = undefined;
    expect(await door.enter()).toBe('no-session');
    expect(door.secret()).toBeUndefined();
    expect(kept.size).toBe(0);
  });

  test('a second window gets the key from the first', async () => {
    const daemon = new Daemon();
    const [one, two] = [new BroadcastChannel('door'), new BroadcastChannel('door')];
    const first = window(daemon, one as unknown as Surroundings['channel']);
    first.kept.set('undertone.key', daemon.key!);
    await first.door.enter();
    const second = window(daemon, two as unknown as Surroundings['channel']);
    second.around.wait = (ms) => new Promise((done) => setTimeout(done, ms));
    expect(await second.door.enter()).toBe('in');
    expect(second.door.secret()).toBe(daemon.secret());
    one.close();
    two.close();
  });
});
