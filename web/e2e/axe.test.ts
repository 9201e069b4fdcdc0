/** Every screen in both themes, at the size of a desk and of a phone: axe finds nothing. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProfile, type Home, keyOf, meet, message, openChat, say, World } from './harness.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let world: World;
let home: Home;
let page: Page;

beforeAll(async () => {
  world = await World.start();
  home = await world.home('alice');
  const other = await world.home('bob');
  page = await world.page(home);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await look('first start');
  await createProfile(page, 'Alice Doe');
  const bob = await world.page(other);
  await createProfile(bob, 'Bob Summer');
  await meet(bob, page, keyOf(home), 'Hello Alice!');
  await openChat(page, 'Bob Summer');
  await say(page, 'A *first* message, with https://a.example and a 👋');
  await message(page, 'first').getByLabel(/^(Sent|Delivered)/).first().waitFor();
  await bob.context().close();
});
afterAll(() => world?.end());

/** Runs axe in the page in both themes and both sizes. Injected as code, not as markup: the policy allows no other way. */
async function look(name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const size of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize(size);
      // Colours that are still on their way are nobody's colours.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(Promise.allSettled(document.getAnimations().map((one) => one.finished)))))));
      await page.evaluate(`if (!globalThis.axe) { ${AXE} }`);
      const found = (await page.evaluate(
        `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((result) => result.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.target.join(' ') + ' (' + node.failureSummary + ')').join(', ')))`,
      )) as string[];
      expect(found, `${name}, ${colorScheme}, ${size.width} px`).toEqual([]);
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

test('the conversation and its panels', async () => {
  await look('conversation');
  await message(page, 'first').click({ button: 'right' });
  await look('menu of a message');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Details of the chat', exact: true }).click();
  await look('details of the chat');
});

test.each(['contacts', 'activity', 'communities', 'network', 'settings/profile', 'settings/privacy', 'settings/notifications', 'settings/appearance', 'settings/network', 'settings/storage', 'settings/security', 'settings/about'])('%s', async (section) => {
  await page.evaluate((to) => (location.hash = `#/${to}`), section);
  await page.getByRole('heading').first().waitFor();
  await look(section);
});

test('dialogs', async () => {
  await page.evaluate(() => (location.hash = '#/chats'));
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').waitFor();
  await look('search');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Add contact' }).first().or(page.getByRole('button', { name: 'New chat' })).first().click();
  await look('new chat');
  await page.keyboard.press('Escape');
});

test('locked', async () => {
  await page.getByRole('button', { name: /your profile/ }).click();
  await page.getByRole('menuitem', { name: 'Lock' }).click();
  await page.getByLabel('Password', { exact: true }).waitFor();
  await look('locked');
});
