/** The life of a group: three people, three daemons, one node. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { befriend, message, openChat, say, settle, World } from './harness.ts';

let world: World;
let alice: Page;
let bob: Page;
let carol: Page;

beforeAll(async () => {
  world = await World.start();
  const { homes, pages } = await settle(world, { alice: 'Alice Doe', bob: 'Bob Summer', carol: 'Carol Winter' }, ['bob']);
  ({ alice, bob, carol } = pages);
  await befriend(homes.alice, homes.bob);
  await befriend(homes.alice, homes.carol);
});
afterAll(() => world?.end());

test('a group is founded from contacts, and stands in their lists', async () => {
  await alice.getByRole('button', { name: 'New chat' }).click();
  await alice.getByRole('menuitem', { name: 'New group' }).click();
  await alice.getByRole('button', { name: 'Continue' }).isDisabled();
  await alice.getByRole('checkbox', { name: 'Bob Summer' }).click();
  await alice.getByRole('button', { name: 'Continue' }).click();
  await alice.getByRole('button', { name: 'Create group' }).click();
  await alice.getByText('Give the group a name.').waitFor();
  await alice.getByLabel('Name of the group').fill('Climbing');
  await alice.getByRole('button', { name: 'Create group' }).click();
  await alice.getByText('You founded the group Climbing').waitFor();
  await openChat(bob, 'Climbing');
  await bob.getByText('Alice Doe founded the group Climbing').waitFor();
});

test('what is said is read by all, and delivered when all have it', async () => {
  await say(alice, 'Who is in on Sunday?');
  await message(bob, 'Who is in on Sunday?').waitFor();
  await message(alice, 'Who is in on Sunday?').getByLabel(/^Delivered/).first().waitFor();
  await say(bob, 'I am.');
  await message(alice, 'I am.').waitFor();
});

test('somebody who is let in sees nothing earlier', async () => {
  await alice.getByRole('button', { name: 'Details of the chat', exact: true }).click();
  await alice.getByRole('button', { name: 'Add people' }).click();
  await alice.getByRole('checkbox', { name: 'Carol Winter' }).click();
  await alice.getByRole('button', { name: 'Add 1 person' }).click();
  await openChat(carol, 'Climbing');
  await say(bob, 'Hello Carol, we never met.');
  await message(carol, 'we never met').waitFor();
  expect(await carol.getByText('Who is in on Sunday?').count()).toBe(0);
  await bob.getByText(/added Carol|added zQ3/).first().waitFor();
});

test('name, picture and admins change for all', async () => {
  await bob.getByRole('button', { name: 'Details of the chat', exact: true }).click();
  await bob.getByRole('button', { name: 'Change name' }).click();
  await bob.getByRole('textbox', { name: 'Name of the group' }).fill('Boulders');
  await bob.getByRole('button', { name: 'Save' }).click();
  await carol.getByText('changed the name to Boulders').waitFor();
  await carol.locator('.chat', { hasText: 'Boulders' }).first().waitFor();
  const png = await alice.evaluate(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 200, height: 200 });
    canvas.getContext('2d')!.fillRect(0, 0, 200, 200);
    const blob = await new Promise<Blob>((resolve) => canvas.toBlob((made) => resolve(made!), 'image/png'));
    return Array.from(new Uint8Array(await blob.arrayBuffer()));
  });
  await alice.locator('input[type=file][aria-label="Change picture"]').setInputFiles(world.file('wall.png', Uint8Array.from(png)));
  await carol.getByText('Alice Doe changed the picture').waitFor();
  await expect.poll(() => carol.locator('.chat', { hasText: 'Boulders' }).first().locator('img').count()).toBe(1);
  await alice.getByRole('button', { name: 'What to do with Bob Summer' }).click();
  await alice.getByRole('menuitem', { name: 'Make Bob Summer an admin' }).click();
  await bob.locator('section li', { hasText: 'You' }).getByText('Admin').waitFor();
});

test('somebody who is put out keeps what was said and sees nothing later', async () => {
  await alice.getByRole('button', { name: 'What to do with Carol Winter' }).click();
  await alice.getByRole('menuitem', { name: 'Remove Carol Winter from the group' }).click();
  await alice.getByRole('button', { name: 'Remove', exact: true }).click();
  await carol.getByText('You left this group. What was written before stays readable.').waitFor();
  await say(bob, 'Without Carol.');
  await message(alice, 'Without Carol.').waitFor();
  await message(carol, 'we never met').waitFor();
  expect(await carol.getByText('Without Carol.').count()).toBe(0);
});

test('somebody leaves', async () => {
  await bob.getByRole('button', { name: 'Leave' }).click();
  await bob.getByRole('dialog').getByRole('button', { name: 'Leave' }).click();
  await bob.getByText('You left this group.').waitFor();
  await alice.getByText('Bob Summer left the group').waitFor();
});

test('nothing was asked of anybody else, and nothing broke the policy', () => {
  expect(world.watch.foreign).toEqual([]);
  expect(world.watch.complaints).toEqual([]);
});
