/** Who of a group has a message, asking to be let in again, a question only one person can answer, and what chats take. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createProfile, type Home, keyOf, message, openChat, say, unlock, World } from './harness.ts';

let world: World;
let homes: Record<'alice' | 'bob' | 'carol', Home>;
let alice: Page;
let bob: Page;

/** One asks and the other accepts, by commands: how it looks is another test's. */
async function befriend(one: Home, other: Home): Promise<void> {
  one.command('contact', 'add', keyOf(other), '--note', 'Hello');
  const state = (of: Home, key: string) => (of.command('contact', 'list') as { key: string; state: string }[]).find((person) => person.key === key)?.state;
  await vi.waitUntil(() => state(other, keyOf(one)) === 'asking', { timeout: 30_000, interval: 200 });
  other.command('contact', 'accept', keyOf(one));
  await vi.waitUntil(() => state(one, keyOf(other)) === 'mutual', { timeout: 30_000, interval: 200 });
}

const details = (page: Page) => page.getByRole('button', { name: 'Details of the chat', exact: true }).click();

beforeAll(async () => {
  world = await World.start();
  homes = { alice: await world.home('alice'), bob: await world.home('bob'), carol: await world.home('carol') };
  alice = await world.page(homes.alice);
  bob = await world.page(homes.bob, await world.person(homes.bob, { dark: true }));
  await createProfile(alice, 'Alice Doe');
  await createProfile(bob, 'Bob Summer');
  const carol = await world.page(homes.carol);
  await createProfile(carol, 'Carol Winter');
  await carol.close();
  await befriend(homes.alice, homes.bob);
  await befriend(homes.alice, homes.carol);
  homes.alice.command('group', 'create', 'Climbing', keyOf(homes.bob), keyOf(homes.carol));
  await openChat(alice, 'Climbing');
  await openChat(bob, 'Climbing');
});
afterAll(() => world?.end());

test('who has a message is told member by member', async () => {
  await homes.carol.kill();
  await say(alice, 'Who is in?');
  await message(bob, 'Who is in?').waitFor();
  await message(alice, 'Who is in?').getByRole('img', { name: '1 of 2 members have it' }).first().waitFor();
  await message(alice, 'Who is in?').getByRole('button', { name: 'What the network saw' }).first().click();
  const panel = alice.getByRole('region', { name: 'Who has it' });
  await panel.getByText('1 of 2 members').waitFor();
  await panel.getByRole('listitem').filter({ hasText: 'Bob Summer' }).getByText('has it since').waitFor();
  await panel.getByRole('listitem').filter({ hasText: 'Carol Winter' }).getByText('not yet').waitFor();
});

test('it becomes true for the last one while one looks', async () => {
  await homes.carol.start();
  await unlock(await world.page(homes.carol));
  const panel = alice.getByRole('region', { name: 'Who has it' });
  await panel.getByText('2 of 2 members').waitFor({ timeout: 60_000 });
  await expect.poll(() => panel.getByText('has it since').count()).toBe(2);
  await message(alice, 'Who is in?').getByRole('img', { name: 'Delivered: everybody has it' }).first().waitFor();
});

test('whoever left asks to be let in again, and is', async () => {
  await details(bob);
  await bob.getByRole('button', { name: 'Leave' }).click();
  await bob.getByRole('dialog').getByRole('button', { name: 'Leave' }).click();
  await bob.getByRole('button', { name: 'Ask to be let in again' }).click();
  await bob.getByRole('radio', { name: 'Alice Doe' }).waitFor();
  await bob.getByRole('textbox', { name: 'What to say' }).fill('I left by mistake.');
  await bob.getByRole('dialog').getByRole('button', { name: 'Ask', exact: true }).click();
  await bob.getByText('You asked Alice Doe to let you in.').waitFor();
  await alice.getByRole('button', { name: 'Activity' }).first().click();
  await alice.getByText('I left by mistake.').first().waitFor();
  await alice.getByRole('button', { name: 'Accept' }).first().click();
  await bob.getByLabel('Message to Climbing').waitFor();
});

test('a chat can be told of otherwise than the others', async () => {
  await alice.getByRole('button', { name: 'Chats' }).first().click();
  await openChat(alice, 'Climbing');
  await details(alice);
  await alice.getByRole('button', { name: 'Notifications of this chat' }).click();
  const dialog = alice.getByRole('dialog');
  const everyone = dialog.getByRole('group', { name: 'Mentions of everyone' });
  await everyone.getByRole('radio', { name: 'As usual' }).isChecked();
  await everyone.getByText('Off', { exact: true }).click();
  await expect.poll(() => everyone.getByRole('radio', { name: 'Off' }).isChecked()).toBe(true);
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await alice.getByRole('button', { name: 'Notifications of this chat' }).click();
  await expect.poll(() => everyone.getByRole('radio', { name: 'Off' }).isChecked()).toBe(true);
  await dialog.getByRole('button', { name: 'Close' }).last().click();
});

test('a question that only one can answer is asked, answered and judged', async () => {
  await alice.getByRole('button', { name: 'Contacts' }).first().click();
  await alice.locator('.pane', { hasText: 'Bob Summer' }).getByText('Bob Summer').first().click();
  await alice.getByRole('button', { name: 'Ask a question' }).click();
  await alice.getByRole('textbox', { name: 'Your question' }).fill('Where did we meet?');
  await alice.getByRole('dialog').getByRole('button', { name: 'Ask', exact: true }).click();
  await alice.getByText('Waiting for the answer of Bob Summer').waitFor();
  await bob.getByRole('button', { name: 'Contacts' }).first().click();
  await bob.getByText('Alice Doe').first().click();
  await bob.getByText('Where did we meet?').waitFor();
  await bob.getByRole('button', { name: 'Answer', exact: true }).click();
  await bob.getByRole('textbox', { name: 'Your answer' }).fill('At the wall');
  await bob.getByRole('button', { name: 'Send answer' }).click();
  await alice.getByText('At the wall').waitFor();
  await alice.getByRole('button', { name: 'The answer is right' }).click();
  await alice.getByText('You found the answer of Bob Summer right').waitFor();
  await bob.getByText('has your answer and judges it alone').waitFor();
});

test('what a chat takes can be seen and freed', async () => {
  await alice.getByRole('button', { name: 'Settings' }).first().click();
  await alice.getByRole('button', { name: 'Storage' }).click();
  await alice.getByText(/^Your chats take/).waitFor();
  await alice.getByRole('button', { name: 'Erase what was said with Climbing' }).click();
  await alice.getByRole('dialog').getByRole('button', { name: 'Erase', exact: true }).click();
  await expect.poll(() => alice.getByRole('button', { name: 'Erase what was said with Climbing' }).count()).toBe(0);
  await bob.getByRole('button', { name: 'Chats' }).first().click();
  await openChat(bob, 'Climbing');
  await message(bob, 'Who is in?').waitFor();
});

test('a node is added by its address, refused if it is none or does not answer, and taken away', async () => {
  const status = JSON.stringify(homes.carol.command('status'));
  const node = /\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/\w+/.exec(status.slice(status.indexOf('"addresses"')))![0];
  await alice.getByRole('button', { name: 'Network' }).first().click();
  const field = alice.getByRole('textbox', { name: 'Address of a node' });
  await field.fill('no address');
  await alice.getByRole('button', { name: 'Add node' }).click();
  await alice.getByText('This is no address of a node').waitFor();
  await field.fill(node.replace(/\/tcp\/\d+/, '/tcp/1'));
  await alice.getByRole('button', { name: 'Add node' }).click();
  await alice.getByText('This node does not answer').waitFor();
  await field.fill(node);
  await alice.getByRole('button', { name: 'Add node' }).click();
  await alice.getByRole('button', { name: `Remove the node ${node}` }).waitFor();
  await homes.alice.kill();
  await homes.alice.start();
  await unlock(alice);
  await alice.getByRole('button', { name: 'Network' }).first().click();
  const peer = node.slice(node.lastIndexOf('/') + 1);
  await alice.locator(`[title="${peer}"]`).waitFor();
  await alice.getByRole('button', { name: `Remove the node ${node}` }).click();
  await expect.poll(() => alice.getByRole('button', { name: /^Remove the node/ }).count()).toBe(0);
});

test('nothing was asked of anybody else, and nothing broke the policy', () => {
  expect(world.watch.foreign).toEqual([]);
  expect(world.watch.complaints).toEqual([]);
});
