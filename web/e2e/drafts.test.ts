/** What is begun and not sent: kept by the daemon, the same in every window, and people stand in it by name. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProfile, type Home, keyOf, meet, message, openChat, say, unlock, World } from './harness.ts';

let world: World;
let homes: { alice: Home; bob: Home };
let alice: Page;
let other: Page;
let bob: Page;

const field = (page: Page) => page.getByLabel(/^Message to /);

beforeAll(async () => {
  world = await World.start();
  homes = { alice: await world.home('alice'), bob: await world.home('bob') };
  alice = await world.page(homes.alice);
  bob = await world.page(homes.bob);
  await createProfile(alice, 'Alice Doe');
  await createProfile(bob, 'Bob Summer');
  await meet(bob, alice, keyOf(homes.alice), 'Hello Alice');
  await openChat(alice, 'Bob Summer');
  await openChat(bob, 'Alice Doe');
  await field(alice).waitFor();
  other = await world.page(homes.alice);
  await other.getByRole('heading', { name: 'Chats', exact: true }).waitFor();
});
afterAll(() => world?.end());

test('what was begun stands in the list of another window, and in its field', async () => {
  await field(alice).fill('half a thought');
  await other.locator('.chat', { hasText: 'Bob Summer' }).getByText('half a thought').waitFor();
  await openChat(other, 'Bob Summer');
  await expect.poll(() => field(other).inputValue()).toBe('half a thought');
  await field(other).fill('half a thought more');
  await expect.poll(() => field(alice).inputValue()).toBe('half a thought more');
});

test('it survives a page that is loaded anew at once, and a daemon that was killed', async () => {
  await message(alice, 'Hello Alice').click({ button: 'right' });
  await alice.getByRole('menuitem', { name: 'Reply', exact: true }).click();
  await field(alice).fill('a whole thought');
  // Sooner than any pause.
  await alice.reload();
  await expect.poll(() => field(alice).inputValue()).toBe('a whole thought');
  await homes.alice.kill();
  await homes.alice.start();
  await unlock(alice);
  await openChat(alice, 'Bob Summer');
  await expect.poll(() => field(alice).inputValue()).toBe('a whole thought');
  await alice.locator('.composer').getByText('Hello Alice').waitFor();
});

test('a window with files that wait asks before it goes', async () => {
  const file = { name: 'wall.txt', mimeType: 'text/plain', buffer: Buffer.from('the west wall') };
  await alice.locator('input[type=file]').setInputFiles(file);
  await alice.getByText('wall.txt').waitFor();
  await field(alice).click();
  const asked = alice.waitForEvent('dialog');
  await alice.evaluate(() => void setTimeout(() => location.reload()));
  const dialog = await asked;
  expect(dialog.type()).toBe('beforeunload');
  await dialog.dismiss();
  await alice.getByText('wall.txt').waitFor();
  await alice.getByRole('button', { name: /Remove.*wall/ }).click();
  await alice.reload();
  await field(alice).waitFor();
});

test('what is sent is begun no more, in no window', async () => {
  await other.reload();
  await openChat(other, 'Bob Summer');
  await expect.poll(() => field(other).inputValue()).toBe('a whole thought');
  await field(alice).press('Enter');
  await message(bob, 'a whole thought').getByText('Hello Alice').waitFor();
  for (const page of [alice, other]) await expect.poll(() => field(page).inputValue()).toBe('');
  await alice.reload();
  await message(alice, 'a whole thought').waitFor();
  expect(await field(alice).inputValue()).toBe('');
});

test('people are named in the field, and an edit names them still', async () => {
  await field(alice).pressSequentially('Ask @bob');
  await alice.getByRole('option', { name: 'Bob Summer' }).waitFor();
  await field(alice).press('Enter');
  await field(alice).pressSequentially('when');
  await field(alice).press('Enter');
  await message(bob, 'Ask @Bob Summer when').waitFor();
  await field(alice).press('ArrowUp');
  await expect.poll(() => field(alice).inputValue()).toBe('Ask @Bob Summer when');
  await field(alice).fill('Ask @Bob Summer where');
  await field(alice).press('Enter');
  await message(bob, 'Ask @Bob Summer where').getByText('edited').first().waitFor();
  const sent = homes.bob.command('messages', keyOf(homes.alice));
  expect(JSON.stringify(sent), 'keys are sent').toMatch(/Ask @0x04[0-9a-f]{128} where/);
});

test('where only words can be sent, nothing else is offered', async () => {
  await field(alice).waitFor();
  expect(await alice.getByRole('button', { name: 'Attach pictures or files' }).count()).toBe(1);
  homes.alice.command('public', 'join', 'climbing');
  await alice.locator('.chat', { hasText: 'climbing' }).first().click();
  await alice.getByLabel('Message to climbing').waitFor();
  expect(await alice.getByRole('button', { name: 'Attach pictures or files' }).count()).toBe(0);
  await alice.getByLabel('Message to climbing').evaluate((node) => {
    const data = new DataTransfer();
    data.items.add(new File(['x'], 'x.png', { type: 'image/png' }));
    node.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await alice.getByText('Only words can be sent here').waitFor();
  await say(alice, 'Only words');
  await message(alice, 'Only words').click({ button: 'right' });
  expect(await alice.getByRole('menuitem', { name: 'Pin', exact: true }).count()).toBe(0);
  await alice.keyboard.press('Escape');
});

test('nothing was asked of anybody else, and nothing broke the policy', () => {
  expect(world.watch.foreign).toEqual([]);
  expect(world.watch.complaints).toEqual([]);
});
