/** Two people, two daemons, one node: from the first start to a conversation that survives a crash. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProfile, type Home, keyOf, meet, message, openChat, PASSWORD, say, unlock, World } from './harness.ts';

let world: World;
let homes: { alice: Home; bob: Home };
let alice: Page;
let bob: Page;

beforeAll(async () => {
  world = await World.start();
  homes = { alice: await world.home('alice'), bob: await world.home('bob') };
  alice = await world.page(homes.alice);
  bob = await world.page(homes.bob, await world.person(homes.bob, { dark: true }));
});
afterAll(() => world?.end());

test('first start: mistakes get a sentence at the field, and a profile takes a name and a password', async () => {
  await alice.getByRole('button', { name: /Create a profile/ }).click();
  await alice.getByLabel('Name').fill('Al');
  await alice.getByRole('button', { name: 'Continue' }).click();
  await alice.getByText('At least 5 characters.').waitFor();
  await alice.getByRole('button', { name: 'Back' }).click();
  await createProfile(alice, 'Alice Doe');
  await createProfile(bob, 'Bob Summer');
});

test('a contact request arrives with its note and is accepted', async () => {
  await meet(bob, alice, keyOf(homes.alice), 'Hello Alice, it is Bob from the climbing wall.');
  await openChat(alice, 'Bob Summer');
  await openChat(bob, 'Alice Doe');
  await alice.getByLabel('Message to Bob Summer').waitFor();
  await bob.getByLabel('Message to Alice Doe').waitFor();
});

test('they talk, and what is shown as delivered was delivered', async () => {
  await say(bob, 'So nobody runs this for us?');
  await message(alice, 'So nobody runs this for us?').waitFor();
  await say(alice, 'Five strangers do, and none of them can read it.');
  await message(bob, 'Five strangers do').waitFor();
  await message(alice, 'Five strangers do').getByLabel(/^Delivered/).first().waitFor();
});

test('a reply shows what it answers', async () => {
  await message(bob, 'Five strangers do').click({ button: 'right' });
  await bob.getByRole('menuitem', { name: 'Reply' }).click();
  await say(bob, 'Then listen: the spare key is under the flower pot.');
  await message(alice, 'flower pot').locator('.quote', { hasText: 'Five strangers do' }).waitFor();
});

test('two windows of one profile are in step', async () => {
  const second = await alice.context().newPage();
  await second.goto(alice.url());
  await second.getByRole('log').waitFor();
  await say(alice, 'Seen in both windows.');
  await message(second, 'Seen in both windows.').waitFor();
  await say(second, 'And back.');
  await message(alice, 'And back.').waitFor();
  await second.close();
});

test('what was sent to somebody who was off arrives when they are back', async () => {
  await homes.bob.kill();
  await bob.getByText('Undertone does not answer').or(bob.getByText('Undertone has stopped')).first().waitFor();
  await say(alice, 'Sent while Bob was away.');
  await message(alice, 'Sent while Bob was away.').getByLabel(/^Sent/).first().waitFor();
  await homes.bob.start();
  await unlock(bob);
  await openChat(bob, 'Alice Doe');
  await message(bob, 'Sent while Bob was away.').waitFor();
  await message(alice, 'Sent while Bob was away.').getByLabel(/^Delivered/).first().waitFor();
});

test('a wrong password is said plainly, and the right one opens', async () => {
  await bob.getByRole('button', { name: /your profile/ }).click();
  await bob.getByRole('menuitem', { name: 'Lock' }).click();
  await unlock(bob, 'wrong password!');
  await bob.getByText('That is not the password').waitFor();
  await unlock(bob);
  await openChat(bob, 'Alice Doe');
});

test('search finds a word and leads to it', async () => {
  await alice.keyboard.press('Control+k');
  await alice.keyboard.type('flower');
  await alice.locator('.hit').first().waitFor();
  await alice.keyboard.press('Enter');
  await message(alice, 'flower pot').waitFor();
});

test('a picture arrives and opens', async () => {
  const png = await alice.evaluate(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 200 });
    const context = canvas.getContext('2d')!;
    context.fillStyle = 'teal';
    context.fillRect(0, 0, 320, 200);
    const blob = await new Promise<Blob>((resolve) => canvas.toBlob((made) => resolve(made!), 'image/png'));
    return Array.from(new Uint8Array(await blob.arrayBuffer()));
  });
  await alice.locator('input[type=file]').setInputFiles(world.file('teal.png', Uint8Array.from(png)));
  await alice.getByRole('button', { name: 'Send', exact: true }).click();
  const picture = bob.getByRole('button', { name: /^Open the picture/ }).last();
  await picture.waitFor();
  await expect.poll(() => picture.locator('img').first().evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  await picture.click();
  await bob.getByRole('dialog').waitFor();
  await bob.keyboard.press('Escape');
});

test('a file arrives with its name and every byte', async () => {
  const content = Uint8Array.from({ length: 150_000 }, (_, at) => (at * 31 + (at >> 8)) % 256);
  await alice.locator('input[type=file]').setInputFiles(world.file('topo of the west wall.pdf', content));
  await alice.getByRole('button', { name: 'Send', exact: true }).click();
  const card = bob.locator('.file', { hasText: 'topo of the west wall.pdf' });
  await card.waitFor();
  const fetched = card.getByRole('button', { name: 'Save topo of the west wall.pdf' });
  const [saved] = await Promise.all([bob.waitForEvent('download'), fetched.click()]);
  expect(saved.suggestedFilename()).toBe('topo of the west wall.pdf');
  expect(Buffer.compare(readFileSync(await saved.path()), content)).toBe(0);
});

test('a recovery phrase brings the account back on another computer', async () => {
  const file = world.file('password', PASSWORD);
  const { phrase } = homes.alice.command('profile', 'export-phrase', '--password-file', file) as { phrase: string };
  const elsewhere = await world.home('elsewhere');
  const page = await world.page(elsewhere);
  await page.getByRole('button', { name: /Restore/ }).click();
  // Words of somebody's own in another order can pass the checksum (one in sixteen); these never do.
  await page.getByLabel(/Recovery phrase/).fill(Array(12).fill('abandon').join(' '));
  await page.getByLabel('Name').fill('Alice Again');
  for (const field of await page.locator('input[type=password]').all()) await field.fill(PASSWORD);
  await page.getByRole('button', { name: /^Restore/ }).last().click();
  await page.getByText(/wrong or misplaced word/).waitFor();
  await page.getByLabel(/Recovery phrase/).fill(phrase);
  await page.getByRole('button', { name: /^Restore/ }).last().click();
  await page.getByRole('heading', { name: 'Chats', exact: true }).waitFor();
  expect(keyOf(elsewhere)).toBe(keyOf(homes.alice));
});

test('nothing was asked of anybody else, and nothing broke the policy', () => {
  expect(world.watch.foreign).toEqual([]);
  expect(world.watch.complaints).toEqual([]);
});
