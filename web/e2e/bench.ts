/**
 * What the page costs, as one table, with real daemons: first paint with 1,000 chats, scrolling through 100,000 messages,
 * sending and hearing between two, and what the browser has to load.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpus, loadavg } from 'node:os';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import { createProfile, keyOf, meet, message, openChat, say, unlock, World } from './harness.ts';

const ROOT = join(import.meta.dirname, '..');
const rows: { figure: string; value: string; goal: string }[] = [];
let world: World;
/** The page of somebody with much behind them. */
let long: Page;

const middle = (list: number[]) => list.toSorted((a, b) => a - b)[list.length >> 1]!;
const spread = (list: number[]) => `${Math.round(middle(list))} ms (of ${list.length}: ${Math.round(Math.min(...list))} to ${Math.round(Math.max(...list))})`;

beforeAll(async () => {
  world = await World.start();
  long = await world.page(await world.longHome(1_000, 100_000));
  await unlock(long);
  await long.waitForSelector('.chat');
});
afterAll(async () => {
  await world?.end();
  console.table(rows);
});

test('this machine, and an empty page on it', async () => {
  const page = await world.browser.newPage();
  const frames = await page.evaluate(async () => {
    const frames: number[] = [];
    let last = performance.now();
    for (const until = last + 5_000; last < until;) {
      await new Promise((done) => requestAnimationFrame(done));
      const now = performance.now();
      frames.push(now - last);
      last = now;
    }
    return frames.toSorted((a, b) => a - b);
  });
  await page.close();
  rows.push({ figure: 'cores, and how many programs want them', value: `${cpus().length}, ${loadavg()[0]!.toFixed(1)}`, goal: 'fewer than cores' });
  rows.push({ figure: 'control: frames of an empty page', value: `half ${frames[frames.length >> 1]!.toFixed(1)} ms, longest ${frames.at(-1)!.toFixed(1)} ms`, goal: '' });
});

test('first paint with 1,000 chats', async () => {
  const page = long;
  const shown: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    await page.reload();
    await page.waitForSelector('.chat:visible');
    shown.push(await page.evaluate(() => performance.now()));
  }
  rows.push({ figure: 'first chats shown, 1,000 chats', value: spread(shown), goal: '< 1,000 ms' });
});

test('scrolling through 100,000 messages', async () => {
  const page = long;
  await page.evaluate(() => (location.hash = '#/chats/long'));
  await page.waitForSelector('.scroll.placed');
  await page.waitForTimeout(500);
  const frames = await page.evaluate(async () => {
    const scroller = document.querySelector('.scroll')!;
    const frames: number[] = [];
    let last = performance.now();
    for (const until = last + 30_000; last < until;) {
      scroller.scrollTop -= 900;
      await new Promise((done) => requestAnimationFrame(done));
      const now = performance.now();
      frames.push(now - last);
      last = now;
    }
    return frames.toSorted((a, b) => a - b);
  });
  const at = (share: number) => frames[Math.floor((frames.length - 1) * share)]!.toFixed(1);
  rows.push({ figure: 'frames while scrolling for 30 s, 100,000 messages', value: `${frames.length} frames; half ${at(0.5)} ms, 99 % ${at(0.99)} ms, longest ${at(1)} ms`, goal: 'none > 50 ms' });
  rows.push({ figure: 'frames longer than 50 ms', value: String(frames.filter((ms) => ms > 50).length), goal: '0' });
  await page.context().close();
});

test('sending and hearing between two real daemons', async () => {
  const homes = { alice: await world.home('alice'), bob: await world.home('bob') };
  const [alice, bob] = [await world.page(homes.alice), await world.page(homes.bob)];
  await createProfile(alice, 'Alice Doe');
  await createProfile(bob, 'Bob Summer');
  await meet(bob, alice, keyOf(homes.alice), 'Hello!');
  await openChat(alice, 'Bob Summer');
  await openChat(bob, 'Alice Doe');
  await say(bob, 'Ready?');
  await message(alice, 'Ready?').waitFor();
  // Both pages note when a text first stands in them, by the clock of this computer.
  const watch = (page: Page) => page.evaluate(() => {
    const seen: Record<string, number> = {};
    Object.assign(globalThis, { seen });
    new MutationObserver(() => {
      for (const row of document.querySelectorAll('article')) {
        const text = /round \d+/.exec(row.textContent ?? '')?.[0];
        if (text && seen[text] === undefined) seen[text] = performance.timeOrigin + performance.now();
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await Promise.all([watch(alice), watch(bob)]);
  const [shown, heard]: [number[], number[]] = [[], []];
  for (let round = 0; round < 20; round += 1) {
    const text = `round ${round}`;
    const field = alice.getByLabel(/^Message to /);
    await field.fill(text);
    const pressed = await alice.evaluate(() => {
      const now = performance.timeOrigin + performance.now();
      document.querySelector('textarea')!.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
      return now;
    });
    await message(bob, text).waitFor();
    const when = (page: Page) => page.evaluate((key) => (globalThis as unknown as { seen: Record<string, number> }).seen[key]!, text);
    shown.push((await when(alice)) - pressed);
    heard.push((await when(bob)) - pressed);
    await alice.waitForTimeout(300);
  }
  rows.push({ figure: 'key press to shown', value: spread(shown), goal: '< 50 ms' });
  rows.push({ figure: 'key press to the other screen', value: spread(heard), goal: '< 300 ms' });
});

test('JavaScript', () => {
  const folder = join(ROOT, 'dist/assets');
  const sizes = readdirSync(folder).filter((name) => name.endsWith('.js') && !name.startsWith('compact')).map((name) => gzipSync(readFileSync(join(folder, name)), { level: 9 }).length);
  rows.push({ figure: 'JavaScript, compressed (emoji data apart)', value: `${(sizes.reduce((sum, size) => sum + size, 0) / 1000).toFixed(1)} kB`, goal: '< 300 kB' });
});
