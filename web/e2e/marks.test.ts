/** Two people, two daemons: what is said is changed, deleted, answered with an emoji, and pinned. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProfile, keyOf, meet, message, openChat, say, World } from './harness.ts';

let world: World;
let alice: Page;
let bob: Page;

beforeAll(async () => {
  world = await World.start();
  const homes = { alice: await world.home('alice'), bob: await world.home('bob') };
  alice = await world.page(homes.alice);
  bob = await world.page(homes.bob, await world.person(homes.bob, { dark: true }));
  await createProfile(alice, 'Alice Doe');
  await createProfile(bob, 'Bob Summer');
  await meet(bob, alice, keyOf(homes.alice), 'Hello Alice, it is Bob from the climbing wall.');
  await openChat(alice, 'Bob Summer');
  await openChat(bob, 'Alice Doe');
  await alice.getByLabel('Message to Bob Summer').waitFor();
  await bob.getByLabel('Message to Alice Doe').waitFor();
});
afterAll(() => world?.end());

async function choose(page: Page, text: string, action: string): Promise<void> {
  await message(page, text).click({ button: 'right' });
  await page.getByRole('menuitem', { name: action, exact: true }).click();
}

test('an edit changes the text on both sides and says so', async () => {
  await say(bob, 'We meet at ate.');
  await message(alice, 'We meet at ate.').waitFor();
  await choose(bob, 'We meet at ate.', 'Edit');
  const field = bob.getByLabel(/^Message to /);
  await expect.poll(() => field.inputValue()).toBe('We meet at ate.');
  await field.fill('We meet at eight.');
  await field.press('Enter');
  for (const page of [alice, bob]) {
    await message(page, 'We meet at eight.').getByText('edited').first().waitFor();
    await expect.poll(() => page.locator('article', { hasText: 'We meet at ate.' }).count()).toBe(0);
  }
  await message(alice, 'We meet at eight.').click({ button: 'right' });
  expect(await alice.getByRole('menuitem', { name: 'Edit', exact: true }).count(), 'what others wrote is theirs').toBe(0);
  await alice.keyboard.press('Escape');
});

test('the arrow up edits the last message, and Escape leaves it as it was', async () => {
  const field = bob.getByLabel(/^Message to /);
  await field.press('ArrowUp');
  await expect.poll(() => field.inputValue()).toBe('We meet at eight.');
  await field.press('Escape');
  await expect.poll(() => field.inputValue()).toBe('');
});

test('a reaction is put on, seen by the other, joined, and taken off', async () => {
  await choose(alice, 'We meet at eight.', 'React');
  await alice.getByRole('dialog').getByRole('button', { name: '👍', exact: true }).first().click();
  await message(bob, 'We meet at eight.').getByRole('button', { name: '👍, 1 person' }).click();
  await message(alice, 'We meet at eight.').getByRole('button', { name: '👍, 2 people, you too' }).click();
  await message(bob, 'We meet at eight.').getByRole('button', { name: '👍, only you' }).waitFor();
});

test('a pin has its line and its place, and is taken off again', async () => {
  await choose(alice, 'We meet at eight.', 'Pin');
  await message(bob, 'We meet at eight.').getByLabel('Pinned').first().waitFor();
  await bob.getByText('Alice Doe pinned a message').first().waitFor();
  await bob.getByRole('button', { name: '1 pinned message' }).click();
  await bob.getByRole('button', { name: 'Unpin' }).click();
  await bob.getByText('Nothing is pinned').waitFor();
  await expect.poll(() => message(alice, 'We meet at eight.').getByLabel('Pinned').count()).toBe(0);
});

test('a message deleted for everyone is gone on both sides', async () => {
  await say(bob, 'This was for somebody else.');
  await message(alice, 'This was for somebody else.').waitFor();
  await choose(bob, 'This was for somebody else.', 'Delete');
  await bob.getByRole('button', { name: 'Delete for everyone' }).click();
  for (const page of [alice, bob]) {
    await message(page, 'This message was deleted').waitFor();
    await expect.poll(() => page.locator('article', { hasText: 'This was for somebody else.' }).count()).toBe(0);
  }
});

test('a message deleted for oneself stays with the other', async () => {
  await say(bob, 'Alice does not want to see this.');
  await choose(alice, 'Alice does not want to see this.', 'Delete');
  expect(await alice.getByRole('button', { name: 'Delete for everyone' }).count()).toBe(0);
  await alice.getByRole('button', { name: 'Delete for me' }).click();
  await expect.poll(() => alice.locator('article', { hasText: 'does not want to see' }).count()).toBe(0);
  await message(bob, 'Alice does not want to see this.').waitFor();
  await alice.reload();
  await alice.getByRole('log').waitFor();
  expect(await alice.locator('article', { hasText: 'does not want to see' }).count()).toBe(0);
});
