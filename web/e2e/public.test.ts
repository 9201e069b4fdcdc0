/** Two strangers in a public chat: joining says honestly who can read, a stranger can be ignored, and leaving leaves nothing. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProfile, keyOf, message, openChat, say, type Home, World } from './harness.ts';

let world: World;
let homes: { alice: Home; bob: Home };
let alice: Page;
let bob: Page;

beforeAll(async () => {
  world = await World.start();
  homes = { alice: await world.home('alice'), bob: await world.home('bob') };
  alice = await world.page(homes.alice);
  bob = await world.page(homes.bob);
  await createProfile(alice, 'Alice Doe');
  await createProfile(bob, 'Bob Summer');
});
afterAll(() => world?.end());

async function join(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'New chat' }).first().click();
  await page.getByRole('menuitem', { name: 'Join a public chat' }).click();
  await page.getByText('Anyone who knows this name can read everything written here.').waitFor();
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('button', { name: 'Join', exact: true }).click();
}

test('joining takes a name, says who can read, and refuses what is no name', async () => {
  await join(alice, 'two words');
  await alice.getByText('Only small letters a to z, digits and -.').waitFor();
  await alice.getByRole('textbox', { name: 'Name' }).fill('#Climbing');
  await alice.getByRole('button', { name: 'Join', exact: true }).click();
  await alice.getByLabel('Message to climbing').waitFor();
  await alice.getByText('anyone who knows the name can read it').first().waitFor();
  await join(bob, 'climbing');
  await bob.getByLabel('Message to climbing').waitFor();
});

test('strangers read each other, and the key stands beside a name that nobody checked', async () => {
  await say(alice, 'Who is in on Saturday?');
  const heard = message(bob, 'Who is in on Saturday?');
  await heard.waitFor();
  await heard.getByText(/^Alice Doe \(zQ3/).waitFor();
  await say(bob, 'I am.');
  await message(alice, 'I am.').waitFor();
});

test('a stranger who was blocked is gone, and is not heard any more', async () => {
  homes.bob.command('contact', 'block', keyOf(homes.alice));
  await message(bob, 'Who is in on Saturday?').waitFor({ state: 'detached' });
  await say(alice, 'Hello?');
  await say(bob, 'Anybody else?');
  await message(alice, 'Anybody else?').waitFor();
  expect(await message(bob, 'Hello?').count()).toBe(0);
});

test('whoever leaves has nothing of it any more', async () => {
  await bob.getByRole('button', { name: 'Details of the chat', exact: true }).click();
  await bob.getByRole('button', { name: 'Leave' }).click();
  await bob.getByRole('dialog').getByRole('button', { name: 'Leave' }).click();
  await bob.locator('.chat', { hasText: 'climbing' }).waitFor({ state: 'detached' });
  await openChat(alice, 'climbing');
  expect(homes.bob.command('public', 'list')).toEqual([]);
});

test('nothing was asked of anybody else, and nothing broke the policy', () => {
  expect(world.watch.foreign).toEqual([]);
  expect(world.watch.complaints).toEqual([]);
});
