/** `undertone demo`: what each of the two windows shows within its first seconds, without a click. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { BINARY, FLAGS, message, say } from './harness.ts';

let dir: string;
let demo: ChildProcess;
let browser: Browser;
const windows: Page[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'undertone-e2e-demo-'));
  mkdirSync(join(dir, 'bin'));
  // A browser that only notes what it is asked to show: the windows under test are opened here.
  writeFileSync(join(dir, 'bin/chromium'), `#!/bin/sh\nfor last; do :; done\necho "$last" >> '${dir}/asked'\nexec sleep 600\n`);
  chmodSync(join(dir, 'bin/chromium'), 0o755);
  demo = spawn(BINARY, ['demo'], { stdio: 'ignore', env: { ...process.env, PATH: `${dir}/bin:${process.env.PATH}`, DISPLAY: ':0', TMPDIR: dir } });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
  const asked = () => (existsSync(join(dir, 'asked')) ? readFileSync(join(dir, 'asked'), 'utf8').trim().split('\n') : []);
  for (const place of [0, 1]) {
    await vi.waitUntil(() => asked().length > place, { timeout: 60_000, interval: 50 });
    const page = await browser.newPage({ viewport: { width: 950, height: 950 }, locale: 'en-GB', reducedMotion: 'reduce' });
    page.setDefaultTimeout(20_000);
    await page.goto(asked()[place]!.replace('--app=', ''));
    windows.push(page);
  }
});
afterAll(async () => {
  await browser?.close();
  const gone = new Promise((done) => demo.once('exit', done));
  demo.kill('SIGINT');
  await gone;
  rmSync(dir, { recursive: true, force: true });
});

test('both windows open on the conversation, say whose they are, and nothing stands in the way', async () => {
  const [alice, bob] = windows as [Page, Page];
  await alice.getByLabel('Message to Bob Okafor').waitFor();
  await bob.getByLabel('Message to Alice Morgan').waitFor();
  for (const page of [alice, bob]) {
    await message(page, 'Alice! You found me.').waitFor();
    expect(await page.locator('.banner').count(), 'no warning, no reminder').toBe(0);
  }
  await expect.poll(() => alice.title()).toMatch(/Alice Morgan · Undertone$/);
  await expect.poll(() => bob.title()).toMatch(/Bob Okafor · Undertone$/);
});

test('the talk goes on by itself, and whoever watches may join', async () => {
  const [alice, bob] = windows as [Page, Page];
  for (const page of [alice, bob]) await message(page, 'none of them can read it').waitFor();
  await say(alice, 'Is this really me?');
  await message(bob, 'Is this really me?').waitFor();
  await bob.getByRole('button', { name: /^Open the picture/ }).first().waitFor();
});
