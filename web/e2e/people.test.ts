/** Two people make sure of each other by scanning, and show themselves. */
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Home, keyOf, meet, openChat, settle, World } from './harness.ts';

let world: World;
let homes: { alice: Home; bob: Home };
let alice: Page;
let bob: Page;

beforeAll(async () => {
  world = await World.start();
  const settled = await settle(world, { alice: 'Alice Doe', bob: 'Bob Summer' });
  homes = settled.homes;
  ({ alice, bob } = settled.pages);
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

const check = async (page: Page, name: string) => {
  await page.evaluate(() => (location.hash = '#/contacts'));
  await page.getByText(name).first().click();
  await page.getByRole('button', { name: 'Check identity' }).click();
  await page.getByLabel('Number to compare').waitFor();
};

test('a code that came another way is pasted, and the verdict is said', async () => {
  await meet(bob, alice, keyOf(homes.alice), 'Hello Alice, it is Bob.');
  await openChat(alice, 'Bob Summer');
  await check(bob, 'Alice Doe');
  const number = await bob.getByLabel('Number to compare').innerText();
  await bob.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await bob.getByRole('button', { name: 'Copy my code' }).click();
  const code = await bob.evaluate(() => navigator.clipboard.readText());
  await bob.keyboard.press('Escape');
  const last = Number(code.at(-1));
  for (const [text, verdict] of [
    [`Bob here, this is ours: ${code}.`, 'The codes are the same: nobody stands between you and Bob Summer.'],
    [number, 'The codes are the same: nobody stands between you and Bob Summer.'],
    [code.slice(0, -1) + ((last + 1) % 10), 'The codes are different.'],
  ] as const) {
    await check(alice, 'Bob Summer');
    await alice.getByRole('button', { name: 'Paste their code' }).click();
    const field = alice.getByLabel('Code or number of the other person');
    await field.fill(code.slice(0, 40));
    await alice.getByRole('button', { name: 'Compare', exact: true }).click();
    await alice.getByText('There is no code of a comparison in this text.').waitFor();
    await field.fill(text);
    await alice.getByRole('button', { name: 'Compare', exact: true }).click();
    await alice.getByRole('alert').getByText(verdict).waitFor();
    expect(await alice.getByRole('button', { name: 'It is the same' }).count()).toBe(verdict.includes('different') ? 0 : 1);
    await alice.keyboard.press('Escape');
  }
});

test('both scan the same, and another code is no answer', async () => {
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

test('links are put in order by keyboard and pointer, and contacts see them so', async () => {
  await alice.evaluate(() => (location.hash = '#/settings/profile'));
  const links = alice.locator('form', { has: alice.getByRole('heading', { name: 'Links' }) });
  for (const [at, label] of ['Walls', 'Ropes', 'Knots'].entries()) {
    await links.getByRole('button', { name: 'Add a link' }).click();
    await links.getByLabel(`Label of link ${at + 1}`).fill(label);
    await links.getByLabel(`Address of link ${at + 1}`).fill(`${label.toLowerCase()}.example`);
  }
  await links.getByRole('button', { name: 'Save' }).click();
  await bob.evaluate(() => (location.hash = '#/contacts'));
  await bob.getByText('Alice Doe').first().click();
  const shown = () => bob.getByRole('link').filter({ hasText: /Walls|Ropes|Knots/ }).allInnerTexts();
  await expect.poll(shown, { timeout: 30_000 }).toEqual(['Walls', 'Ropes', 'Knots']);
  // By keyboard: the focus goes with the link, to the top.
  await links.getByRole('button', { name: 'Move link 3 up' }).focus();
  await alice.keyboard.press('Enter');
  await links.getByRole('status').getByText('Knots is now link 2 of 3.').waitFor();
  await alice.keyboard.press('Enter');
  await links.getByRole('status').getByText('Knots is now link 1 of 3.').waitFor();
  expect(await alice.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Move link 1 down');
  // By pointer.
  await links.getByRole('button', { name: 'Move link 2 down' }).click();
  await links.getByRole('button', { name: 'Save' }).click();
  await expect.poll(shown, { timeout: 30_000 }).toEqual(['Knots', 'Ropes', 'Walls']);
  await alice.reload();
  await expect.poll(() => links.getByLabel('Label of link 1').inputValue()).toBe('Knots');
});

test('one sees one’s profile as others do', async () => {
  await alice.getByLabel('About you').fill('I climb walls.');
  await alice.locator('form', { has: alice.getByLabel('About you') }).getByRole('button', { name: 'Save' }).click();
  const look = async () => { await alice.getByRole('button', { name: 'See it as others do' }).click(); await alice.getByRole('dialog').getByRole('heading', { name: 'Alice Doe' }).waitFor(); };
  await look();
  const dialog = alice.getByRole('dialog');
  await dialog.getByText('I climb walls.').waitFor();
  expect(await dialog.getByRole('link').allInnerTexts()).toEqual(['Knots', 'Ropes', 'Walls']);
  await dialog.getByText('A stranger', { exact: true }).click();
  await dialog.getByText('somebody sees who is no contact').waitFor();
  expect(await dialog.getByText('I climb walls.').count()).toBe(0);
  expect(await dialog.getByRole('link').count()).toBe(0);
  await alice.keyboard.press('Escape');
  homes.alice.command('settings', '--profile-for', 'everyone', '--picture-for', 'everyone');
  await look();
  await dialog.getByText('Strangers who know your key see the same.').waitFor();
  expect(await dialog.getByRole('radio').count()).toBe(0);
  await dialog.getByRole('button', { name: 'Choose who sees what' }).click();
  await alice.getByRole('heading', { name: 'Privacy' }).first().waitFor();
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
