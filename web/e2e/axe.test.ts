/** Every screen in both themes, at the size of a desk and of a phone: axe finds nothing. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProfile, type Home, keyOf, meet, message, openChat, PASSWORD, say, World } from './harness.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PICTURE = new URL('../../crates/undertone/src/demo/wall.jpg', import.meta.url).pathname;
let world: World;
let home: Home;
let page: Page;

beforeAll(async () => {
  world = await World.start();
  home = await world.home('alice');
  const other = await world.home('bob');
  page = await world.page(home);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await look('first start');
  await page.getByRole('button', { name: /Restore/ }).click();
  await look('restore');
  await page.getByRole('button', { name: 'Back' }).click();
  await page.getByRole('button', { name: /Create a profile/ }).click();
  await look('name');
  await page.getByLabel('Name').fill('Alice Doe');
  await page.getByRole('button', { name: 'Continue' }).click();
  await look('password');
  await page.getByRole('button', { name: 'Back' }).click();
  await page.getByRole('button', { name: 'Back' }).click();
  await createProfile(page, 'Alice Doe');
  await look('no chat yet');
  const bob = await world.page(other);
  await createProfile(bob, 'Bob Summer');
  await meet(bob, page, keyOf(home), 'Hello Alice!');
  await openChat(page, 'Bob Summer');
  await say(page, 'A *first* message, with https://a.example and a 👋');
  await message(page, 'first').getByLabel(/^(Sent|Delivered)/).first().waitFor();
  await bob.context().close();
});
afterAll(() => world?.end());

/** Runs axe in the page in both themes and both sizes. Injected as code, not as markup: the policy allows no other way. */
async function look(name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const size of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize(size);
      // Colours that are still on their way are nobody's colours.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(Promise.allSettled(document.getAnimations().map((one) => one.finished)))))));
      await page.evaluate(`if (!globalThis.axe) { ${AXE} }`);
      const found = (await page.evaluate(
        `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((result) => result.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.target.join(' ') + ' (' + node.failureSummary + ')').join(', ')))`,
      )) as string[];
      expect(found, `${name}, ${colorScheme}, ${size.width} px`).toEqual([]);
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

test('the conversation and its panels', async () => {
  await look('conversation');
  await message(page, 'first').click({ button: 'right' });
  await look('menu of a message');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Details of the chat', exact: true }).click();
  await look('details of the chat');
  await message(page, 'first').getByRole('button', { name: /Sent|Delivered/ }).click();
  await page.getByText('Together').waitFor();
  await look('message details');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Search in this chat' }).click();
  await look('search in the chat');
});

test('what stands over the conversation', async () => {
  await page.getByRole('button', { name: 'Emoji', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: '👍', exact: true }).first().waitFor();
  await look('emoji');
  await page.keyboard.press('Escape');
  await message(page, 'first').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Pin', exact: true }).click();
  await page.getByRole('button', { name: '1 pinned message' }).click();
  await page.getByRole('heading', { name: 'Pinned messages' }).waitFor();
  await look('pinned messages');
  await page.keyboard.press('Escape');
  await page.locator('input[type=file]').setInputFiles(PICTURE);
  await look('a picture in the composer');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByRole('button', { name: /^Open the picture/ }).last().click();
  await page.getByRole('dialog').waitFor();
  await look('picture');
  await page.keyboard.press('Escape');
});

test('a contact', async () => {
  await page.evaluate(() => (location.hash = '#/contacts'));
  await page.getByText('Bob Summer').first().click();
  await page.getByRole('button', { name: 'Write' }).waitFor();
  await look('contact');
  await page.getByRole('button', { name: 'Check identity' }).click();
  await page.getByLabel('Number to compare').waitFor();
  await look('identity');
  await page.getByRole('button', { name: 'Paste their code' }).click();
  await page.getByLabel('Code or number of the other person').fill('12');
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await look('a pasted code');
  await page.keyboard.press('Escape');
  await page.evaluate(() => (location.hash = '#/chats'));
});

test('a group, and a public chat', async () => {
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('menuitem', { name: 'New group' }).click();
  await look('new group');
  await page.getByRole('checkbox', { name: 'Bob Summer' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('textbox', { name: /Name/ }).fill('Walls and ropes');
  await look('name of the group');
  await page.getByRole('button', { name: /^Create/ }).click();
  await page.getByLabel(/^Message to Walls/).waitFor();
  await page.getByRole('button', { name: 'Details of the chat', exact: true }).click();
  await look('group');
  await page.getByRole('button', { name: 'Invite by link' }).click();
  const link = /undertone:group:\S+/.exec(await page.getByRole('group', { name: 'Invitation' }).innerText())![0];
  await look('invitation to the group');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('menuitem', { name: 'Join a group by its link' }).click();
  await page.getByLabel('Link to the group').fill(link);
  await page.getByText('You are in this group.').waitFor();
  await look('join a group');
  await page.keyboard.press('Escape');
  await say(page, `Come to us: ${link}`);
  await message(page, 'Come to us').getByRole('button', { name: 'Link to a group' }).waitFor();
  await look('link to a group in a message');
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('menuitem', { name: 'Join a public chat' }).click();
  await look('join a public chat');
  await page.getByRole('textbox', { name: 'Name' }).fill('climbing');
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await page.getByLabel('Message to climbing').waitFor();
  await look('public chat');
});

test.each(['contacts', 'activity', 'communities', 'network', 'settings/profile', 'settings/privacy', 'settings/notifications', 'settings/appearance', 'settings/language', 'settings/node', 'settings/devices', 'settings/backup', 'settings/storage', 'settings/security', 'settings/about'])('%s', async (section) => {
  await page.evaluate((to) => (location.hash = `#/${to}`), section);
  await page.getByRole('heading').first().waitFor();
  // Settings that are not there would show the profile.
  const [, id] = section.split('/');
  if (id) expect(await page.locator('.list [aria-current=page]').count()).toBe(1);
  await look(section);
});

test('links of the profile, and the profile as others see it', async () => {
  await page.evaluate(() => (location.hash = '#/settings/profile'));
  for (const [at, label] of ['Walls', 'Ropes'].entries()) {
    await page.getByRole('button', { name: 'Add a link' }).click();
    await page.getByLabel(`Label of link ${at + 1}`).fill(label);
    await page.getByLabel(`Address of link ${at + 1}`).fill('https://a.example');
  }
  await look('links');
  await page.locator('form', { has: page.getByRole('heading', { name: 'Links' }) }).getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'See it as others do' }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Walls' }).waitFor();
  await look('as contacts see it');
  await page.getByText('A stranger', { exact: true }).click();
  await look('as strangers see it');
  await page.keyboard.press('Escape');
});

test('dialogs', async () => {
  await page.evaluate(() => (location.hash = '#/chats'));
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').waitFor();
  await look('search');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Add contact' }).first().or(page.getByRole('button', { name: 'New chat' })).first().click();
  await look('new chat');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /your profile/ }).click();
  await page.getByRole('menuitem', { name: 'Share my profile' }).click();
  await page.getByRole('dialog').waitFor();
  await look('share');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await look('shortcuts');
  await page.keyboard.press('Escape');
});

test('the recovery phrase', async () => {
  await page.evaluate(() => (location.hash = '#/settings/security'));
  await page.getByRole('button', { name: 'Show the words' }).click();
  await look('password before the phrase');
  await page.getByRole('dialog').getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('dialog').getByRole('button', { name: 'Show the words' }).click();
  await page.getByRole('button', { name: 'I have written them down' }).waitFor();
  await look('phrase');
  await page.getByRole('button', { name: 'I have written them down' }).click();
  await look('two words of the phrase');
  await page.getByRole('button', { name: 'Back', exact: true }).last().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Later' }).click();
});

test('locked', async () => {
  await page.getByRole('button', { name: /your profile/ }).click();
  await page.getByRole('menuitem', { name: 'Lock' }).click();
  await page.getByLabel('Password', { exact: true }).waitFor();
  await look('locked');
});
