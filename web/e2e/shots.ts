/**
 * Photographs of the screens, from real daemons, at the size of a desk and of a phone, in both themes: to be looked at.
 * SHOTS names the folder, ONLY, a regular expression, takes those whose name has it.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, test, vi } from 'vitest';
import { createProfile, type Home, keyOf, meet, message, openChat, PASSWORD, say, World } from './harness.ts';

const OUT = process.env.SHOTS ?? join(import.meta.dirname, '../../docs/screenshots/all');
const WALL = join(import.meta.dirname, '../../crates/undertone/src/demo/wall.jpg');
const PICTURE = { name: 'wall.jpg', mimeType: 'image/jpeg', buffer: readFileSync(WALL) };
let world: World;
let homes: { alice: Home; bob: Home; carol: Home };
let alice: Page;
let bob: Page;

/** `open`: what closes when the window changes, and is opened anew for each picture. */
async function photograph(page: Page, name: string, open?: () => Promise<void>): Promise<void> {
  if (process.env.ONLY && !new RegExp(process.env.ONLY).test(name)) return;
  for (const [size, width, height] of [['desk', 1280, 800], ['phone', 390, 844]] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await open?.();
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(Promise.allSettled(document.getAnimations().map((one) => one.finished)))))));
      await page.waitForTimeout(250);
      await page.screenshot({ path: join(OUT, `${name}-${size}-${colorScheme}.png`) });
      if (open) await page.keyboard.press('Escape');
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

const go = (page: Page, hash: string) => page.evaluate((to) => (location.hash = to), hash);

beforeAll(async () => {
  mkdirSync(OUT, { recursive: true });
  world = await World.start(5);
  homes = { alice: await world.home('alice'), bob: await world.home('bob'), carol: await world.home('carol') };
  alice = await world.page(homes.alice);
  bob = await world.page(homes.bob);
  await photograph(alice, 'welcome');
  await alice.getByRole('button', { name: /Create a profile/ }).click();
  await alice.getByLabel('Name').fill('Alice Morgan');
  await photograph(alice, 'create-name');
  await alice.getByRole('button', { name: 'Continue' }).click();
  await alice.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await photograph(alice, 'create-password');
  await alice.getByRole('button', { name: 'Back' }).click();
  await alice.getByRole('button', { name: 'Back' }).click();
  await alice.getByRole('button', { name: /Restore/ }).click();
  await photograph(alice, 'restore');
  await alice.getByRole('button', { name: 'Back' }).click();
  await createProfile(alice, 'Alice Morgan');
  await createProfile(bob, 'Bob Okafor');
  homes.carol.command('profile', 'create', '--name', 'Carol Lindqvist', '--password-file', world.file('password', PASSWORD));
  await photograph(alice, 'empty');
  await alice.getByRole('button', { name: 'Later' }).click();
  await meet(bob, alice, keyOf(homes.alice), 'It is me, Bob, from the climbing wall.');
  await openChat(alice, 'Bob Okafor');
  await openChat(bob, 'Alice Morgan');
  const lines: [Page, Page, string][] = [
    [bob, alice, 'Alice! You found me.'], [alice, bob, 'By your key alone. So nobody runs this for us?'],
    [bob, alice, 'Five strangers do, and none of them can read it.'], [alice, bob, 'Then I can send you where we go on Saturday:'],
  ];
  for (const [from, to, text] of lines) {
    await say(from, text);
    await message(to, text).waitFor();
  }
  await alice.locator('input[type=file]').setInputFiles(PICTURE);
  await photograph(alice, 'composer-picture');
  await alice.getByRole('button', { name: 'Send', exact: true }).click();
  await bob.getByRole('button', { name: /^Open the picture/ }).last().waitFor();
  await say(bob, 'Oh, that one. **Two** ropes, I would say, and a lamp each.');
  await message(alice, 'lamp each').waitFor();
  await say(alice, 'Agreed. Train at 14:07, platform 4?');
  await message(bob, 'platform 4').waitFor();
  await message(alice, 'platform 4').getByLabel(/^Delivered/).first().waitFor();
});
afterAll(() => world?.end());

test('a request', async () => {
  homes.carol.command('contact', 'add', keyOf(homes.alice), '--note', 'Carol here. Bob says you know a quarry?');
  await go(alice, '#/contacts');
  await alice.getByText('you know a quarry').first().waitFor();
  await photograph(alice, 'request');
  await alice.getByRole('button', { name: 'Accept' }).first().click();
  await vi.waitUntil(() => (homes.carol.command('contact', 'list') as { state: string }[]).some((one) => one.state === 'mutual'), { timeout: 30_000, interval: 200 });
  homes.carol.command('send', keyOf(homes.alice), 'Thanks! I bring cake, as agreed.');
  await go(alice, '#/chats');
  await alice.locator('.chat', { hasText: 'cake' }).waitFor();
});

test('conversation', async () => {
  await openChat(alice, 'Bob Okafor');
  await message(bob, 'platform 4').click({ button: 'right' });
  await bob.getByRole('menuitem', { name: 'React' }).click();
  await bob.getByRole('dialog').getByRole('button', { name: '👍', exact: true }).first().click();
  await message(alice, 'platform 4').getByRole('button', { name: /👍/ }).waitFor();
  await photograph(alice, 'conversation');
  await photograph(alice, 'menu', () => message(alice, 'lamp each').click({ button: 'right' }));
  await alice.getByRole('button', { name: /^Open the picture/ }).last().click();
  await alice.getByRole('dialog').waitFor();
  await photograph(alice, 'viewer');
  await alice.keyboard.press('Escape');
  await alice.getByRole('button', { name: 'Details of the chat', exact: true }).click();
  await photograph(alice, 'chat-info');
});

test('message details', async () => {
  await message(alice, 'platform 4').getByRole('button', { name: /Delivered/ }).click();
  await alice.getByText('Together').waitFor();
  await photograph(alice, 'details');
  await alice.getByText('What a node in the middle can read').scrollIntoViewIfNeeded();
  await photograph(alice, 'details-middle');
  await alice.locator('aside').last().evaluate((panel) => { for (const node of [panel, ...panel.querySelectorAll('*')]) node.scrollTop = 1e6; });
  await photograph(alice, 'details-end');
});

test('group', async () => {
  await go(alice, '#/chats');
  await photograph(alice, 'new', () => alice.getByRole('button', { name: 'New chat' }).click());
  await alice.getByRole('button', { name: 'New chat' }).click();
  await alice.getByRole('menuitem', { name: 'New group' }).click();
  await alice.getByRole('checkbox', { name: 'Bob Okafor' }).click();
  await photograph(alice, 'new-group');
  await alice.getByRole('checkbox', { name: 'Carol Lindqvist' }).click();
  await alice.getByRole('button', { name: 'Continue' }).click();
  await alice.getByRole('textbox', { name: /Name/ }).fill('Walls and ropes');
  await alice.getByRole('button', { name: /^Create/ }).click();
  await openChat(bob, 'Walls and ropes');
  await alice.getByLabel(/^Message to Walls/).waitFor();
  await alice.getByRole('button', { name: 'Details of the chat', exact: true }).click();
  await alice.locator('input[type=file][aria-label="Change picture"]').setInputFiles(PICTURE);
  await bob.getByText('Alice Morgan changed the picture').waitFor();
  await say(alice, 'Sunday, half past nine, at the old quarry?');
  await message(bob, 'old quarry').waitFor();
  await say(bob, 'I bring the rope. @Carol Lindqvist brings the *cake*.');
  await message(alice, 'I bring the rope').waitFor();
  await photograph(alice, 'group-info');
  await alice.getByRole('button', { name: 'Invite by link' }).click();
  await alice.getByRole('group', { name: 'Invitation' }).waitFor();
  await photograph(alice, 'group-link');
  const link = /undertone:group:\S+/.exec(await alice.getByRole('group', { name: 'Invitation' }).innerText())![0];
  await alice.keyboard.press('Escape');
  homes.carol.command('group', 'create', 'Ropes & knots');
  homes.carol.command('send', keyOf(homes.alice), `Another one, come and see: ${(homes.carol.command('group', 'link', '@Ropes & knots') as { link: string }).link}`);
  await alice.getByRole('button', { name: 'New chat' }).click();
  await alice.getByRole('menuitem', { name: 'Join a group by its link' }).click();
  await alice.getByLabel('Link to the group').fill(link);
  await alice.getByText('You are in this group.').waitFor();
  await photograph(alice, 'join-group');
  await alice.keyboard.press('Escape');
  await openChat(alice, 'Carol Lindqvist');
  await message(alice, 'come and see').getByRole('button', { name: 'Link to a group' }).click();
  await alice.getByText('can let you in').waitFor();
  await photograph(alice, 'join-group-ask');
  await alice.keyboard.press('Escape');
  await photograph(alice, 'group-link-message');
  await openChat(alice, 'Walls and ropes');
  await alice.getByRole('button', { name: 'Details of the chat', exact: true }).click();
  await alice.getByRole('button', { name: 'Details of the chat', exact: true }).or(alice.getByRole('button', { name: 'Close' })).first().click();
  await photograph(alice, 'group');
});

test('public chat', async () => {
  await go(alice, '#/chats');
  await alice.getByRole('button', { name: 'New chat' }).click();
  await alice.getByRole('menuitem', { name: 'Join a public chat' }).click();
  await photograph(alice, 'join-public');
  await alice.getByRole('textbox', { name: 'Name' }).fill('climbing');
  await alice.getByRole('button', { name: 'Join', exact: true }).click();
  await alice.getByLabel('Message to climbing').waitFor();
  await photograph(alice, 'public');
});

test.each([
  ['network', '#/network'], ['activity', '#/activity'], ['communities', '#/communities'], ['profile', '#/settings/profile'], ['privacy', '#/settings/privacy'],
  ['notifications', '#/settings/notifications'], ['appearance', '#/settings/appearance'], ['language', '#/settings/language'], ['node', '#/settings/node'],
  ['devices', '#/settings/devices'], ['backup', '#/settings/backup'], ['security', '#/settings/security'], ['about', '#/settings/about'],
])('%s', async (name, hash) => {
  await go(alice, hash);
  await alice.getByRole('heading').first().waitFor();
  await alice.waitForTimeout(600);
  await photograph(alice, name);
});

test('links and looks of the profile', async () => {
  homes.alice.command('profile', 'set', '--bio', 'Walls, ropes and the long way home.', '--link', 'Walls=https://walls.example', '--link', 'Ropes=https://ropes.example');
  await go(alice, '#/settings/profile');
  await alice.getByLabel('Label of link 2').scrollIntoViewIfNeeded();
  await photograph(alice, 'profile-links');
  await alice.getByRole('button', { name: 'See it as others do' }).click();
  await alice.getByRole('dialog').getByRole('link').first().waitFor();
  await photograph(alice, 'profile-seen-contact');
  await alice.getByText('A stranger', { exact: true }).click();
  await photograph(alice, 'profile-seen-stranger');
  await alice.keyboard.press('Escape');
});

test('contact and dialogs', async () => {
  await go(alice, '#/contacts');
  await alice.getByText('Bob Okafor').first().click();
  await photograph(alice, 'contact');
  await alice.getByRole('button', { name: 'Check identity' }).click();
  await alice.getByLabel('Number to compare').waitFor();
  await photograph(alice, 'identity');
  await alice.getByRole('button', { name: 'Show my code' }).click();
  await photograph(alice, 'identity-code');
  await alice.getByRole('button', { name: 'Paste their code' }).click();
  await photograph(alice, 'identity-paste');
  await alice.getByRole('button', { name: 'Scan their code' }).click();
  await alice.getByText('Hold the code before the camera.').waitFor();
  await photograph(alice, 'identity-scan');
  await alice.keyboard.press('Escape');
  await go(alice, '#/chats');
  await alice.evaluate(() => document.querySelector<HTMLElement>('main')?.focus());
  await alice.keyboard.press('?');
  await alice.getByRole('dialog').waitFor();
  await photograph(alice, 'shortcuts');
  await alice.keyboard.press('Escape');
  await go(alice, '#/contacts');
  await alice.getByRole('button', { name: 'Add contact' }).first().click();
  await photograph(alice, 'add-contact');
  await alice.keyboard.press('Escape');
  await alice.getByRole('button', { name: /your profile/ }).click();
  await alice.getByRole('menuitem', { name: 'Share my profile' }).click();
  await alice.getByRole('dialog').waitFor();
  await photograph(alice, 'share');
  await alice.keyboard.press('Escape');
});

test('search', async () => {
  await go(alice, '#/chats');
  await alice.keyboard.press('Control+k');
  await alice.keyboard.type('platform');
  await alice.locator('.hit').first().waitFor();
  await photograph(alice, 'search');
  await alice.keyboard.press('Escape');
});

test('locked', async () => {
  await alice.getByRole('button', { name: /your profile/ }).click();
  await alice.getByRole('menuitem', { name: 'Lock' }).click();
  await alice.getByLabel('Password', { exact: true }).waitFor();
  await photograph(alice, 'locked');
});
