/** Two people make sure of each other by scanning, and show themselves. */
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProfile, type Home, keyOf, meet, openChat, World } from './harness.ts';

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

/** A photo of a code on somebody's screen. */
const photo = async (code: Locator) => ({ name: 'photo.png', mimeType: 'image/png', buffer: await code.screenshot() });
const scan = (page: Page) => page.getByRole('dialog').locator('input[type=file]');

test('a contact is added by scanning the code of a profile', async () => {
  await alice.evaluate(() => (location.hash = '#/settings/profile'));
  await alice.getByRole('button', { name: 'Share my profile' }).click();
  const code = alice.getByRole('dialog').getByRole('img', { name: 'QR code with your key' });
  const shown = await photo(code);
  await alice.keyboard.press('Escape');
  await bob.evaluate(() => (location.hash = '#/contacts'));
  await bob.getByRole('button', { name: 'Add contact' }).first().click();
  await bob.getByRole('button', { name: 'Scan a code' }).click();
  await scan(bob).setInputFiles({ name: 'empty.png', mimeType: 'image/png', buffer: await bob.locator('h1, h2').first().screenshot() });
  await bob.getByText('There is no code in this picture').waitFor();
  await scan(bob).setInputFiles(shown);
  await bob.getByRole('dialog').getByText('Alice Doe').waitFor();
  await bob.keyboard.press('Escape');
});

test('both scan the same, and another code is no answer', async () => {
  await meet(bob, alice, keyOf(homes.alice), 'Hello Alice, it is Bob.');
  await openChat(alice, 'Bob Summer');
  const check = async (page: Page, name: string) => {
    await page.evaluate(() => (location.hash = '#/contacts'));
    await page.getByText(name).first().click();
    await page.getByRole('button', { name: 'Check identity' }).click();
    await page.getByLabel('Number to compare').waitFor();
  };
  await check(bob, 'Alice Doe');
  await bob.getByRole('button', { name: 'Show my code' }).click();
  const shown = await photo(bob.getByRole('img', { name: 'Code to compare' }));
  await check(alice, 'Bob Summer');
  await alice.getByRole('button', { name: 'Scan their code' }).click();
  await scan(alice).setInputFiles(shown);
  await alice.getByText('The codes are the same: nobody stands between you and Bob Summer.').waitFor();
  await alice.getByRole('button', { name: 'It is the same' }).click();
  await alice.getByLabel('You verified this person').first().waitFor();
});

test('links and a picture are shown to contacts until they are taken away', async () => {
  await alice.evaluate(() => (location.hash = '#/settings/profile'));
  await alice.getByRole('button', { name: 'Add a link' }).click();
  await alice.getByLabel('Label of link 1').fill('Site');
  await alice.getByLabel('Address of link 1').fill('javascript:alert(1)');
  const links = alice.locator('form', { has: alice.getByRole('heading', { name: 'Links' }) });
  await links.getByRole('button', { name: 'Save' }).click();
  await alice.getByText('A link has a label of 1 to 24 characters').waitFor();
  await alice.getByLabel('Address of link 1').fill('example.org/alice');
  await links.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => alice.getByLabel('Address of link 1').inputValue()).toBe('https://example.org/alice');
  const [chooser] = await Promise.all([alice.waitForEvent('filechooser'), alice.getByRole('button', { name: 'Choose a picture' }).click()]);
  await chooser.setFiles({ name: 'me.png', mimeType: 'image/png', buffer: await alice.screenshot() });
  await alice.getByRole('button', { name: 'Remove the picture' }).waitFor();
  await bob.evaluate(() => (location.hash = '#/contacts'));
  await bob.getByText('Alice Doe').first().click();
  await bob.getByRole('link', { name: 'Site' }).waitFor();
  await alice.getByRole('button', { name: 'Remove the picture' }).click();
  await alice.getByRole('button', { name: 'Remove the picture' }).waitFor({ state: 'detached' });
  await alice.getByRole('button', { name: 'Remove link 1' }).click();
  await links.getByRole('button', { name: 'Save' }).click();
  await bob.getByRole('link', { name: 'Site' }).waitFor({ state: 'detached' });
});

test('a node of a friend is a way into the network, by its code', async () => {
  await alice.getByRole('button', { name: 'Network' }).first().click();
  const address = /\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/\w+/.exec(await alice.locator('section', { hasText: 'Your node' }).last().innerText())![0];
  await alice.getByText('Show as QR code').first().click();
  const shown = await photo(alice.getByRole('img', { name: `QR code of ${address}` }));
  await bob.getByRole('button', { name: 'Network' }).first().click();
  const nodes = bob.locator('section', { hasText: 'Your own nodes' });
  await nodes.getByRole('button', { name: 'Scan a code' }).click();
  await nodes.locator('input[type=file]').setInputFiles(shown);
  await expect.poll(() => nodes.getByRole('textbox', { name: 'Address of a node' }).inputValue()).toBe(address);
  await nodes.getByRole('button', { name: 'Add node' }).click();
  await nodes.getByRole('button', { name: `Remove the node ${address}` }).waitFor();
});

test('nothing was asked of anybody else, and nothing broke the policy', () => {
  expect(world.watch.foreign).toEqual([]);
  expect(world.watch.complaints).toEqual([]);
});
