/** The other language, and the other direction: all of it is there, and nothing hangs out of the window. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProfile, World } from './harness.ts';

let world: World;
let page: Page;

beforeAll(async () => {
  world = await World.start();
  const home = await world.home('alice');
  page = await world.page(home);
  await createProfile(page, 'Alice Doe');
  home.command('public', 'join', 'climbing');
  home.command('send', '#climbing', 'Who is in on Saturday?');
  await page.locator('.chat', { hasText: 'climbing' }).waitFor();
});
afterAll(() => world?.end());

async function speak(language: string): Promise<void> {
  await page.evaluate((to) => localStorage.setItem('undertone.preferences', JSON.stringify({ language: to })), language);
  await page.evaluate(() => (location.hash = '#/chats'));
  await page.reload();
  await page.locator('.chat').first().waitFor();
}

/** What is wider than the window, or cut off where no dots say so. */
const cut = () => page.evaluate(() => {
  const wrong: string[] = [];
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  for (const node of document.querySelectorAll<HTMLElement>('button, h1, h2, label, p, dt, dd, strong')) {
    const box = node.getBoundingClientRect();
    if (box.width === 0 || node.closest('.sr-only, .skip, [inert]')) continue;
    if (box.left < -1 || box.right > innerWidth + 1) wrong.push(`${node.tagName} "${node.innerText}" hangs out of the window`);
    const style = getComputedStyle(node);
    if (style.overflowX !== 'visible' && style.textOverflow !== 'ellipsis' && node.scrollWidth > node.clientWidth + 1) wrong.push(`${node.tagName} "${node.innerText}" is cut off`);
  }
  return wrong;
});

const PLACES = ['chats', 'contacts', 'activity', 'network', 'settings', ...['profile', 'privacy', 'notifications', 'appearance', 'node', 'devices', 'backup', 'security', 'about'].map((id) => `settings/${id}`)];

test.each([['de', 'ltr'], ['ar-XB', 'rtl']])('%s: every place fits at 320 px, at twice the size of text, and on a desk', async (language, direction) => {
  await speak(language);
  expect(await page.evaluate(() => document.documentElement.dir)).toBe(direction);
  for (const place of [...PLACES, 'the chat']) {
    if (place === 'the chat') {
      await page.evaluate(() => (location.hash = '#/chats'));
      await page.locator('.chat').first().click();
      await page.getByRole('log').waitFor();
    } else await page.evaluate((to) => (location.hash = `#/${to}`), place);
    await page.getByRole('heading').first().waitFor();
    for (const size of [{ width: 320, height: 640 }, { width: 640, height: 400 }, { width: 1280, height: 800 }]) {
      await page.setViewportSize(size);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      expect(await cut(), `${place}, ${size.width} px`).toEqual([]);
    }
  }
});

test('from right to left the rail stands on the right, and own messages on the left', async () => {
  const middle = (selector: string) => page.locator(selector).first().evaluate((node) => { const box = node.getBoundingClientRect(); return (box.left + box.right) / 2; });
  expect(await middle('nav.rail')).toBeGreaterThan(1200);
  expect(await middle('.list')).toBeGreaterThan(await middle('.center'));
  const own = await page.locator('article .bubble').last().evaluate((node) => node.getBoundingClientRect().left - node.closest('.scroll')!.getBoundingClientRect().left);
  expect(own).toBeLessThan(60);
});

test('German speaks German', async () => {
  await speak('de');
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
  await page.evaluate(() => (location.hash = '#/settings/privacy'));
  await page.getByRole('heading', { name: 'Einstellungen' }).or(page.getByText('Einstellungen')).first().waitFor();
  await page.getByRole('heading', { name: 'Privatsphäre' }).first().waitFor();
});
