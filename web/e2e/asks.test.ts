/** Who of a group has a message, asking to be let in again, a question only one person can answer, and what chats take. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { befriend, type Home, keyOf, message, openChat, say, settle, unlock, World } from './harness.ts';

let world: World;
let homes: Record<'alice' | 'bob' | 'carol', Home>;
let alice: Page;
let bob: Page;

const details = (page: Page) => page.getByRole('button', { name: 'Details of the chat', exact: true }).click();

beforeAll(async () => {
  world = await World.start();
  const settled = await settle(world, { alice: 'Alice Doe', bob: 'Bob Summer', carol: 'Carol Winter' }, ['bob']);
  homes = settled.homes;
  ({ alice, bob } = settled.pages);
  await settled.pages.carol.close();
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

test('who was never in a group asks by the link of a member, from a message, and is let in', async () => {
  homes.alice.command('group', 'create', 'Walls & ropes');
  await alice.getByRole('button', { name: 'Chats' }).first().click();
  await openChat(alice, 'Walls & ropes');
  await details(alice);
  await alice.getByRole('button', { name: 'Invite by link' }).click();
  const words = await alice.getByRole('group', { name: 'Invitation' }).innerText();
  expect(words).toMatch(/^I invite you to the group “Walls & ropes”\..*undertone:group:\S+$/s);
  await alice.keyboard.press('Escape');
  await openChat(alice, 'Bob Summer');
  await say(alice, words);
  await bob.getByRole('button', { name: 'Chats' }).first().click();
  await openChat(bob, 'Alice Doe');
  await message(bob, 'I invite you').getByRole('button', { name: 'Link to a group' }).click();
  const dialog = bob.getByRole('dialog');
  await dialog.getByText('Walls & ropes').waitFor();
  await dialog.getByText('Alice Doe can let you in').waitFor();
  await dialog.getByRole('textbox', { name: 'What to say' }).fill('Me too, please.');
  await dialog.getByRole('button', { name: 'Ask', exact: true }).click();
  await bob.getByText('You asked Alice Doe to let you in.').waitFor();
  // Nobody asks twice.
  await message(bob, 'I invite you').getByRole('button', { name: 'Link to a group' }).click();
  await dialog.getByText('You asked Alice Doe to let you in. You will see here when they do.').waitFor();
  // Its name also stands in what was said to Bob.
  await openChat(alice, 'No messages yet');
  await details(alice);
  await alice.getByText('Me too, please.').waitFor();
  await alice.getByRole('button', { name: 'Let in' }).click();
  await dialog.getByText('You are in this group.').waitFor();
  await dialog.getByRole('button', { name: 'Open the group' }).click();
  await bob.getByLabel('Message to Walls & ropes').waitFor();
});

test('who is no contact of the member becomes one first, with the link pasted under New chat or Add contact', async () => {
  const words = `Come: ${(homes.bob.command('group', 'link', '@Walls & ropes') as { link: string }).link}.`;
  const carol = await world.page(homes.carol);
  await carol.getByRole('button', { name: 'Add contact' }).first().or(carol.getByRole('button', { name: 'New chat' })).first().waitFor();
  await carol.getByRole('button', { name: 'New chat' }).click();
  await carol.getByRole('menuitem', { name: 'Join a group by its link' }).click();
  const dialog = carol.getByRole('dialog');
  await dialog.getByLabel('Link to the group').fill('hello');
  await dialog.getByText('There is no link to a group in this text.').waitFor();
  await dialog.getByLabel('Link to the group').fill(words.slice(0, 60));
  await dialog.getByText('The link to the group is not whole.').waitFor();
  await dialog.getByLabel('Link to the group').fill(words);
  await dialog.getByText('Send a contact request first').waitFor();
  await carol.keyboard.press('Escape');
  await carol.getByRole('button', { name: 'New chat' }).click();
  await carol.getByRole('menuitem', { name: 'Add contact' }).click();
  await dialog.getByLabel('Key or link').fill(words);
  await dialog.getByText('Send a contact request first').waitFor();
  await dialog.getByRole('button', { name: 'Send request' }).click();
  await dialog.getByText('has your contact request').waitFor();
  await bob.getByRole('button', { name: 'Contacts' }).first().click();
  await bob.getByRole('button', { name: 'Accept' }).first().click();
  await dialog.getByRole('button', { name: 'Ask', exact: true }).click();
  await carol.getByText('You asked Bob Summer to let you in.').waitFor();
  await carol.getByRole('button', { name: 'Activity' }).first().click();
  await bob.getByRole('button', { name: 'Activity' }).first().click();
  await bob.getByText('I have a link to this group').waitFor();
  await bob.getByRole('button', { name: 'Decline' }).first().click();
  await carol.getByText('Bob Summer did not let you into').first().waitFor();
  await carol.close();
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
