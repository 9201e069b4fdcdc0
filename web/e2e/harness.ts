/**
 * A small world on loopback for the browser tests: a service node, the daemons of a few people, and one Chromium.
 *
 * Everything is a process of its own and is ended with the world; nothing leaves this computer. The binary is
 * UNDERTONE_BINARY, the browser CHROMIUM, and what makes a large profile stands beside the binary or is UNDERTONE_LONG_PROFILE.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core';
import { afterEach, vi } from 'vitest';

export const PASSWORD = 'correct horse battery';
export const BINARY = process.env.UNDERTONE_BINARY ?? join(import.meta.dirname, '../../target/debug/undertone');
export const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  // A microphone that beeps, and a person who allows it.
  '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
  // A name of somebody else that leads to this computer.
  '--host-resolver-rules=MAP rebound.example 127.0.0.1',
];

/** A process that says one line of JSON when it is ready. */
class Process {
  private constructor(private readonly child: ChildProcess, readonly ready: Record<string, unknown>) {}

  static async start(args: string[]): Promise<Process> {
    const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('UNDERTONE_')));
    const child = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'inherit'], env: environment });
    const lines = createInterface({ input: child.stdout! });
    const line = await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      child.once('exit', (code) => reject(new Error(`undertone ${args[0]} ended with ${code}`)));
    });
    return new Process(child, JSON.parse(line) as Record<string, unknown>);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    await gone;
  }
}

/** One data directory and its daemon. */
export class Home {
  private process: Process | undefined;
  port = 0;

  constructor(readonly dir: string, private readonly nodes: string[]) {}

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    this.process = await Process.start([
      'start', '--json', '--no-discovery', '--api-port', String(this.port), '--listen-address', '127.0.0.1', '--data-dir', this.dir, ...this.nodes.flatMap((node) => ['--static-node', node]),
    ]);
    this.port = Number(new URL(String(this.process.ready.api)).port);
  }

  /** Without a warning, as a crash would. */
  async kill(): Promise<void> {
    await this.process?.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.process?.end('SIGTERM');
  }

  /** What a command of the binary prints, as JSON. */
  command(...args: string[]): unknown {
    return JSON.parse(execFileSync(BINARY, [...args, '--json', '--data-dir', this.dir], { encoding: 'utf8' }));
  }

  /** Lets a browser in. */
  invite(): { file: string; address: string; code: string } {
    return this.command('open', '--code') as { file: string; address: string; code: string };
  }
}

/** What pages did that no page of ours should. */
export class Watch {
  readonly foreign: string[] = [];
  readonly complaints: string[] = [];

  over(context: BrowserContext, home: Home): void {
    context.on('request', (request) => {
      if (!request.url().startsWith(home.address) && !/^(blob|data|file):/.test(request.url())) this.foreign.push(request.url());
    });
    context.on('console', (message) => {
      if (/Content Security Policy|TrustedHTML|Permissions.?Policy|Unrecognized feature/i.test(message.text())) this.complaints.push(message.text());
    });
    context.on('weberror', (error) => this.complaints.push(String(error.error())));
  }
}

/** Worlds that have not ended. */
const worlds = new Set<World>();

// What the pages of a failed test showed.
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  const folder = mkdtempSync(join(tmpdir(), 'undertone-e2e-failed-'));
  const pages = [...worlds].flatMap((world) => world.browser.contexts().flatMap((context) => context.pages()));
  for (const [at, page] of pages.entries()) await page.screenshot({ path: join(folder, `${at}.png`) }).catch(() => undefined);
  console.error(`${task.name}: what the pages showed is in ${folder}`);
});

export class World {
  private readonly homes: Home[] = [];
  readonly watch = new Watch();

  private constructor(private readonly dir: string, private node: Process, private readonly more: Process[], readonly browser: Browser) {}

  private static service(dir: string, port: string): Promise<Process> {
    return Process.start(['node', '--json', '--listen-address', '127.0.0.1', '--tcp-port', port, '--log-level', 'error', '--data-dir', dir]);
  }

  /** With one node, or with so many that do not know each other. */
  static async start(nodes = 1): Promise<World> {
    const dir = mkdtempSync(join(tmpdir(), 'undertone-e2e-'));
    const node = await World.service(join(dir, 'node'), '0');
    const more = await Promise.all(Array.from({ length: nodes - 1 }, (_, at) => World.service(join(dir, `node-${at}`), '0')));
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
    const world = new World(dir, node, more, browser);
    worlds.add(world);
    return world;
  }

  async end(): Promise<void> {
    worlds.delete(this);
    await this.browser.close();
    for (const home of this.homes) await home.stop();
    for (const node of [this.node, ...this.more]) await node.end('SIGTERM');
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** The one node goes away without a word. */
  async loseNode(): Promise<void> {
    await this.node.end('SIGKILL');
  }

  /** The same node is back, at the same address; with what it kept, or without. */
  async findNode(kept: 'with' | 'without'): Promise<void> {
    const node = join(this.dir, 'node');
    if (kept === 'without') for (const name of readdirSync(node, { recursive: true, encoding: 'utf8' })) if (name.includes('store.sqlite3')) rmSync(join(node, name));
    const port = /\/tcp\/(\d+)/.exec((this.node.ready.addresses as string[])[0]!)![1]!;
    this.node = await World.service(node, port);
  }

  async home(name: string): Promise<Home> {
    const dir = join(this.dir, name);
    mkdirSync(dir, { recursive: true });
    const home = new Home(dir, [this.node, ...this.more].map((node) => (node.ready.addresses as string[])[0]!));
    await home.start();
    this.homes.push(home);
    return home;
  }

  /** The data directory of somebody who has been there for years; the password is that of everybody. */
  async longHome(chats: number, messages: number): Promise<Home> {
    execFileSync(process.env.UNDERTONE_LONG_PROFILE ?? join(dirname(BINARY), 'examples/long_profile'), [join(this.dir, 'long'), PASSWORD, String(chats), String(messages)]);
    return this.home('long');
  }

  /** A browser of its own, as one person would have it. */
  async person(home: Home, options: { dark?: boolean; phone?: boolean } = {}): Promise<BrowserContext> {
    const context = await this.browser.newContext({
      viewport: options.phone ? { width: 390, height: 844 } : { width: 1280, height: 800 },
      colorScheme: options.dark ? 'dark' : 'light',
      locale: 'en-GB',
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(30_000);
    this.watch.over(context, home);
    return context;
  }

  /** A page of the app, let in by the file that only the owner can read. */
  async page(home: Home, context?: BrowserContext): Promise<Page> {
    const page = await (context ?? (await this.person(home))).newPage();
    await page.goto(`file://${home.invite().file}`);
    await page.waitForURL(`${home.address}/`);
    return page;
  }

  file(name: string, content: string | Uint8Array): string {
    const path = join(this.dir, name);
    writeFileSync(path, content);
    return path;
  }
}

/** First start: a name and a password. */
export async function createProfile(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: /Create a profile/ }).click();
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Repeat the password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create profile' }).click();
  await page.getByRole('heading', { name: 'Chats', exact: true }).waitFor();
}

export async function unlock(page: Page, password = PASSWORD): Promise<void> {
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Unlock' }).click();
}

/** The key of the unlocked profile of a home. */
export function keyOf(home: Home): string {
  return (home.command('profile', 'show') as { key: string }).key;
}

/** A home, a page and a profile for each of these people; who is in `dark` likes it dark. */
export async function settle<Who extends string>(world: World, names: Record<Who, string>, dark: readonly NoInfer<Who>[] = []): Promise<{ homes: Record<Who, Home>; pages: Record<Who, Page> }> {
  const homes = {} as Record<Who, Home>;
  const pages = {} as Record<Who, Page>;
  for (const [who, name] of Object.entries(names) as [Who, string][]) {
    homes[who] = await world.home(who);
    pages[who] = await world.page(homes[who], await world.person(homes[who], { dark: dark.includes(who) }));
    await createProfile(pages[who], name);
  }
  return { homes, pages };
}

/** One asks and the other accepts, by commands: how it looks is another test's. */
export async function befriend(one: Home, other: Home): Promise<void> {
  one.command('contact', 'add', keyOf(other), '--note', 'Hello');
  const state = (of: Home, key: string) => (of.command('contact', 'list') as { key: string; state: string }[]).find((person) => person.key === key)?.state;
  await vi.waitUntil(() => state(other, keyOf(one)) === 'asking', { timeout: 30_000, interval: 200 });
  other.command('contact', 'accept', keyOf(one));
  await vi.waitUntil(() => state(one, keyOf(other)) === 'mutual', { timeout: 30_000, interval: 200 });
}

/** One asks, the other accepts, both in the browser. */
export async function meet(one: Page, other: Page, otherKey: string, note: string): Promise<void> {
  await one.getByRole('button', { name: 'Add contact' }).first().click();
  await one.getByLabel('Key or link').fill(otherKey);
  await one.getByLabel('Note').fill(note);
  await one.getByRole('button', { name: 'Send request' }).click();
  await other.getByRole('button', { name: 'Contacts' }).first().click();
  await other.getByText(note).first().waitFor();
  await other.getByRole('button', { name: 'Accept' }).first().click();
  await other.getByRole('button', { name: 'Chats' }).first().click();
}

/** Opens the chat with this name in its list entry. */
export async function openChat(page: Page, name: string): Promise<void> {
  await page.locator('.chat', { hasText: name }).first().click();
  await page.getByRole('log').waitFor();
}

export async function say(page: Page, text: string): Promise<void> {
  const field = page.getByLabel(/^Message to /);
  await field.fill(text);
  await field.press('Enter');
}

/** The message with this text. */
export function message(page: Page, text: string) {
  return page.locator('article', { hasText: text }).last();
}
