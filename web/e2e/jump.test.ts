/** A message far up in a long chat: found, shown among its neighbours without loading all in between, and back to the end. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProfile, type Home, message, openChat, say, World } from './harness.ts';

const COUNT = 420;
let world: World;
let home: Home;
let alice: Page;
const asked: string[] = [];

beforeAll(async () => {
  world = await World.start();
  home = await world.home('alice');
  alice = await world.page(home);
  await createProfile(alice, 'Alice Doe');
  home.command('public', 'join', 'archive');
  for (let at = 0; at < COUNT; at += 1) home.command('send', '#archive', at === 7 ? 'the needle' : `straw ${at}`);
  alice.on('request', (request) => { if (/\/messages\?/.test(request.url())) asked.push(new URL(request.url()).search); });
}, 300_000);
afterAll(() => world?.end());

test('a search result far up is gone to in one step', async () => {
  await openChat(alice, 'archive');
  await message(alice, `straw ${COUNT - 1}`).waitFor();
  await alice.keyboard.press('Control+k');
  await alice.getByPlaceholder('People, chats, messages').fill('needle');
  await alice.getByRole('dialog').getByText('the needle').first().click();
  await alice.locator('article.marked', { hasText: 'the needle' }).waitFor();
  await message(alice, 'straw 8').waitFor();
  expect(asked.filter((query) => query.includes('around=')).length).toBe(1);
});

test('from there it goes on in both directions, without a hole', async () => {
  const log = alice.getByRole('log');
  await log.evaluate((node) => { node.scrollTop = 0; });
  await message(alice, 'straw 0').waitFor();
  await expect.poll(async () => {
    await log.evaluate((node) => { node.scrollTop = node.scrollHeight; });
    return alice.locator('article', { hasText: `straw ${COUNT - 1}` }).count();
  }, { timeout: 30_000 }).toBe(1);
  expect(asked.some((query) => query.includes('after='))).toBe(true);
});

test('whoever is far up is told of the end, and gets there', async () => {
  await alice.keyboard.press('Control+k');
  await alice.getByPlaceholder('People, chats, messages').fill('needle');
  await alice.getByRole('dialog').getByText('the needle').first().click();
  await alice.locator('article.marked', { hasText: 'the needle' }).waitFor();
  await alice.getByRole('button', { name: 'To the latest message' }).click();
  await message(alice, `straw ${COUNT - 1}`).waitFor();
});

test('saying something leads to the end too', async () => {
  await alice.reload();
  await openChat(alice, 'archive');
  await message(alice, `straw ${COUNT - 1}`).waitFor();
  await alice.keyboard.press('Control+k');
  await alice.getByPlaceholder('People, chats, messages').fill('needle');
  await alice.getByRole('dialog').getByText('the needle').first().click();
  await alice.locator('article.marked', { hasText: 'the needle' }).waitFor();
  expect(await alice.locator('article', { hasText: `straw ${COUNT - 1}` }).count()).toBe(0);
  await say(alice, 'found it');
  await message(alice, 'found it').waitFor();
  await message(alice, `straw ${COUNT - 1}`).waitFor();
});

test('a chat that is erased is empty at once, with one word of the daemon', async () => {
  const frames: string[] = [];
  const second = await world.page(home);
  second.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(String(payload))));
  await second.getByRole('heading', { name: 'Chats', exact: true }).waitFor();
  await second.reload();
  await openChat(second, 'archive');
  await message(second, 'found it').waitFor();
  frames.length = 0;
  await second.getByRole('button', { name: 'Details of the chat', exact: true }).click();
  await second.getByRole('button', { name: 'Clear history' }).click();
  await second.getByRole('dialog').getByRole('button', { name: 'Clear history' }).click();
  for (const page of [alice, second]) await page.getByText('Nothing here yet').first().waitFor();
  const items = frames.flatMap((frame) => (JSON.parse(frame) as { items?: { kind: string }[] }).items ?? []);
  expect(items.filter((item) => item.kind === 'message-removed')).toEqual([]);
  expect(items.filter((item) => item.kind === 'chat-history').length).toBe(1);
  expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThan(20_000);
});
