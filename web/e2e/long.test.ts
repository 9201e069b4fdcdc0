/** Somebody who has been there for years: a thousand chats, and 100,000 messages in one of them, on a real daemon. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { message, openChat, say, unlock, World } from './harness.ts';

const [CHATS, MESSAGES, FEW] = [1_000, 100_000, 3];
const LAST = CHATS * FEW + MESSAGES - 1;
let world: World;
let page: Page;

beforeAll(async () => {
  world = await World.start();
  page = await world.page(await world.longHome(CHATS, MESSAGES));
  await unlock(page);
});
afterAll(() => world?.end());

/** The numbers of the messages that can be seen, from the top. */
const seen = () => page.evaluate(() => {
  const box = document.querySelector('.scroll')!.getBoundingClientRect();
  const rows = [...document.querySelectorAll('article')].filter((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    return bottom > box.top && top < box.bottom;
  });
  return { numbers: rows.map((row) => Number(/number (\d+)/.exec(row.textContent ?? '')?.[1])), drawn: document.querySelectorAll('article').length };
});

const isRun = (numbers: number[]) => numbers.length > 0 && numbers.every((number, at) => at === 0 || number === numbers[at - 1]! + 1);

test('a list of a thousand chats is whole, draws only what is near, and finds by name', async () => {
  await page.locator('.chat').first().waitFor();
  expect(await page.locator('.chat').count()).toBeLessThan(60);
  const list = page.locator('.rows').first();
  await list.evaluate((rows) => (rows.scrollTop = rows.scrollHeight));
  await page.locator('.chat', { hasText: 'room-0' }).first().waitFor();
  await page.getByPlaceholder('Filter chats').fill('room-777');
  await expect.poll(() => page.locator('.chat').count()).toBe(1);
  await page.getByPlaceholder('Filter chats').fill('');
});

test('a chat of 100,000 messages opens at its end, and scrolls up without a hole or a jump', async () => {
  await list(0);
  await openChat(page, 'long');
  await message(page, `number ${LAST}`).waitFor();
  // 2,000 messages upwards, as with a wheel; whatever is on screen is an unbroken run that goes on from the one before.
  let top = (await seen()).numbers[0]!;
  while (top > LAST - 2_000) {
    await page.locator('.scroll').evaluate((scroll) => new Promise<void>((done) => {
      let steps = 12;
      const step = () => {
        scroll.scrollTop -= 400;
        if ((steps -= 1) > 0) requestAnimationFrame(step);
        else done();
      };
      step();
    }));
    // Rows may be drawn a moment after the window moved.
    let now = await seen();
    await expect.poll(async () => isRun((now = await seen()).numbers), { message: `below ${top}` }).toBe(true);
    expect(now.numbers[0]).toBeLessThanOrEqual(top);
    expect(now.drawn, 'only what is near is in the document').toBeLessThan(150);
    top = now.numbers[0]!;
  }
});

test('a message far up, found by its words, is shown among its neighbours', async () => {
  await page.keyboard.press('Control+k');
  await page.keyboard.type('number 51234');
  await page.locator('.hit', { hasText: 'number 51234' }).first().waitFor();
  await page.keyboard.press('Enter');
  await message(page, 'number 51234').waitFor();
  await expect.poll(async () => { const { numbers } = await seen(); return isRun(numbers) && numbers.includes(51_234); }).toBe(true);
});

test('what is written from up there leads back to the end', async () => {
  await page.getByRole('button', { name: 'To the newest messages' }).or(page.locator('.down')).first().click();
  await message(page, `number ${LAST}`).waitFor();
  await say(page, 'Still here after all these years.');
  await message(page, 'Still here after all these years.').waitFor();
});

test('the window may get smaller: the end stays in sight', async () => {
  await page.setViewportSize({ width: 390, height: 500 });
  const gap = () => page.locator('.scroll').evaluate((scroll) => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight);
  await expect.poll(gap).toBeLessThan(2);
  await page.setViewportSize({ width: 1280, height: 800 });
  await expect.poll(gap).toBeLessThan(2);
});

async function list(top: number): Promise<void> {
  await page.locator('.rows').first().evaluate((rows, to) => (rows.scrollTop = to), top);
}
