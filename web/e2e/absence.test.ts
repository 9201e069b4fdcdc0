/** What people see when something is not there: the network, a message, somebody who was blocked. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProfile, type Home, keyOf, meet, message, openChat, say, unlock, World } from './harness.ts';

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
  await meet(bob, alice, keyOf(homes.alice), 'Hello Alice!');
  await openChat(alice, 'Bob Summer');
  await openChat(bob, 'Alice Doe');
  await say(bob, 'Is this thing on?');
  await message(alice, 'Is this thing on?').waitFor();
  await say(alice, 'It is.');
  await message(bob, 'It is.').waitFor();
});
afterAll(() => world?.end());

test('offline: what is written waits and says so; when the network is back it goes out by itself', async () => {
  await world.loseNode();
  await alice.getByText(/Not connected|No usable node/).first().waitFor();
  await say(alice, 'Written without a network.');
  await message(alice, 'Written without a network.').getByLabel(/^Waiting/).first().waitFor();
  await world.findNode('with');
  await message(bob, 'Written without a network.').waitFor({ timeout: 60_000 });
  await message(alice, 'Written without a network.').getByLabel(/^Delivered/).first().waitFor();
});

test('a message that the network lost stands as a gap in its place, and comes', async () => {
  await homes.bob.kill();
  await say(alice, 'Lost with the node that kept it.');
  await message(alice, 'Lost with the node').getByLabel(/^Sent/).first().waitFor();
  await world.loseNode();
  await world.findNode('without');
  await say(alice, 'And the next one.');
  await message(alice, 'And the next one.').getByLabel(/^Sent/).first().waitFor();
  // While she is away nobody can bring it.
  await homes.alice.kill();
  await homes.bob.start();
  await unlock(bob);
  await openChat(bob, 'Alice Doe');
  await message(bob, 'And the next one.').waitFor({ timeout: 60_000 });
  await bob.locator('.gap', { hasText: '1 message is missing' }).waitFor();
  expect(await message(bob, 'Lost with the node').count()).toBe(0);
  await homes.alice.start();
  await unlock(alice);
  await openChat(alice, 'Bob Summer');
  await message(bob, 'Lost with the node').waitFor({ timeout: 80_000 });
  await expect.poll(() => bob.locator('.gap').count()).toBe(0);
});

test('blocking removes what somebody wrote, and nothing of theirs is shown any more', async () => {
  await bob.getByRole('button', { name: 'Details of the chat', exact: true }).click();
  await bob.getByRole('button', { name: 'Block', exact: true }).click();
  await bob.getByRole('dialog').getByRole('button', { name: 'Block', exact: true }).click();
  await bob.getByText('No chats yet').waitFor();
  expect(await bob.locator('article').count()).toBe(0);
  expect(await bob.locator('.chat').count()).toBe(0);
});

test('nothing was asked of anybody else, and nothing broke the policy', () => {
  expect(world.watch.foreign).toEqual([]);
  expect(world.watch.complaints).toEqual([]);
});
