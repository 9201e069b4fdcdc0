/** What the network saw: the page shows the daemon's record, and the record is what the nodes had. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Trace } from '../src/api/types.ts';
import { createProfile, type Home, keyOf, meet, message, openChat, say, World } from './harness.ts';

const TEXT = 'The code of the locker is 5207.';
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
  await say(bob, 'Which locker?');
  await message(alice, 'Which locker?').waitFor();
  await say(alice, TEXT);
  await message(bob, TEXT).waitFor();
  await message(alice, TEXT).getByLabel(/^Delivered/).first().waitFor();
});
afterAll(() => world?.end());

const recorded = (home: Home, chat: string) => (home.command('message', 'show', chat, 'last') as { trace: Trace }).trace;

test('both sides have the same envelope on record, and the nodes that had it', () => {
  const [sent, received] = [recorded(homes.alice, '@Bob Summer'), recorded(homes.bob, '@Alice Doe')];
  const [out, came] = [sent.parcels.at(-1)!, received.parcels.at(-1)!];
  expect(out.envelopes.at(-1)!.hash).toBe(came.envelopes[0]!.hash);
  expect(out.envelopes.at(-1)!.seen.map((one) => one.way)).toContain('handed');
  expect(came.envelopes[0]!.seen[0]!.way).toBe('relay');
  expect(came.answeredAt).toBeGreaterThan(0);
  expect(out.keys[0]!.acknowledgedAt).toBeGreaterThan(0);
  for (const { wire, fields } of [...out.envelopes, ...came.envelopes]) expect(fields.reduce((sum, field) => sum + field.bytes, 0)).toBe(wire);
});

test('a click on the mark shows it, in the page', async () => {
  const trace = recorded(homes.alice, '@Bob Summer');
  const envelope = trace.parcels.at(-1)!.envelopes.at(-1)!;
  await message(alice, TEXT).getByRole('button', { name: /Delivered/ }).click();
  await alice.getByRole('heading', { name: 'What the network saw' }).waitFor();
  await alice.getByText(envelope.hash).waitFor();
  await alice.getByRole('row', { name: new RegExp(`^Together ${envelope.wire}$`) }).waitFor();
  await alice.getByText('Erased. Nothing on this computer opens what travelled.').first().waitFor();
});

test('the network screen shows the nodes and what the bytes were for', async () => {
  await alice.evaluate(() => (location.hash = '#/network'));
  await alice.getByText('Messages to and from you').waitFor();
  await alice.getByText('Passed on for others').waitFor();
  await alice.getByText('relay', { exact: true }).first().waitFor();
});

test('nothing broke the policy, and no feature was named that browsers do not know', () => {
  expect(world.watch.foreign).toEqual([]);
  expect(world.watch.complaints).toEqual([]);
});
