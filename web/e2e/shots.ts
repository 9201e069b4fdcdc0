/** Photographs of the screens, from real daemons, at the size of a desk and of a phone, in both themes: to be looked at. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import { createProfile, type Home, keyOf, meet, message, openChat, say, World } from './harness.ts';

const OUT = process.env.SHOTS ?? join(import.meta.dirname, '../../docs/screenshots/all');
const WALL = join(import.meta.dirname, '../../crates/undertone/src/demo/wall.jpg');
let world: World;
let home: Home;
let alice: Page;
let bob: Page;

async function photograph(page: Page, name: string): Promise<void> {
  for (const [size, width, height] of [['desk', 1280, 800], ['phone', 390, 844]] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(Promise.allSettled(document.getAnimations().map((one) => one.finished)))))));
      await page.waitForTimeout(250);
      await page.screenshot({ path: join(OUT, `${name}-${size}-${colorScheme}.png`) });
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

const go = (page: Page, hash: string) => page.evaluate((to) => (location.hash = to), hash);

beforeAll(async () => {
  mkdirSync(OUT, { recursive: true });
  world = await World.start();
  home = await world.home('alice');
  const other = await world.home('bob');
  alice = await world.page(home);
  bob = await world.page(other);
  await photograph(alice, 'welcome');
  await createProfile(alice, 'Alice Morgan');
  await createProfile(bob, 'Bob Okafor');
  await photograph(alice, 'empty');
  await meet(bob, alice, keyOf(home), 'It is me, Bob, from the climbing wall.');
  await openChat(alice, 'Bob Okafor');
  await openChat(bob, 'Alice Morgan');
  const lines: [Page, Page, string][] = [
    [bob, alice, 'Alice! You found me.'], [alice, bob, 'By your key alone. So nobody runs this for us?'],
    [bob, alice, 'Five strangers do, and none of them can read it.'], [alice, bob, 'Then I can send you where we go on Saturday:'],
  ];
  for (const [from, to, text] of lines) {
    await say(from, text);
    await message(to, text).waitFor();
  }
  await alice.locator('input[type=file]').setInputFiles({ name: 'wall.jpg', mimeType: 'image/jpeg', buffer: readFileSync(WALL) });
  await alice.getByRole('button', { name: 'Send', exact: true }).click();
  await bob.getByRole('button', { name: /^Open the picture/ }).last().waitFor();
  await say(bob, 'Oh, that one. **Two** ropes, I would say, and a lamp each.');
  await message(alice, 'lamp each').waitFor();
  await say(alice, 'Agreed. Train at 14:07, platform 4?');
  await message(bob, 'platform 4').waitFor();
  await message(alice, 'platform 4').getByLabel(/^Delivered/).first().waitFor();
});
afterAll(() => world?.end());

test('conversation', () => photograph(alice, 'conversation'));

test('message details', async () => {
  await message(alice, 'platform 4').getByRole('button', { name: /Delivered/ }).click();
  await alice.getByText('Together').waitFor();
  await photograph(alice, 'details');
  await alice.getByText('What a node in the middle can read').scrollIntoViewIfNeeded();
  await photograph(alice, 'details-middle');
});

test.each([
  ['network', '#/network'], ['contacts', '#/contacts'], ['activity', '#/activity'], ['profile', '#/settings/profile'], ['privacy', '#/settings/privacy'],
  ['appearance', '#/settings/appearance'], ['backup', '#/settings/backup'],
])('%s', async (name, hash) => {
  await go(alice, hash);
  await alice.getByRole('heading').first().waitFor();
  await alice.waitForTimeout(600);
  await photograph(alice, name);
});

test('search', async () => {
  await go(alice, '#/chats');
  await alice.keyboard.press('Control+k');
  await alice.keyboard.type('platform');
  await alice.locator('.hit').first().waitFor();
  await photograph(alice, 'search');
});
