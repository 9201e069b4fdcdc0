/** A sound is recorded, sent as AAC, and played on the other side. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProfile, keyOf, meet, openChat, type Home, World } from './harness.ts';

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
  await meet(bob, alice, keyOf(homes.alice), 'Hello Alice');
  await openChat(alice, 'Bob Summer');
  await openChat(bob, 'Alice Doe');
  await alice.getByLabel('Message to Bob Summer').waitFor();
});
afterAll(() => world?.end());

test('a recording can be thrown away', async () => {
  await alice.getByRole('button', { name: 'Record a voice message' }).click();
  await alice.getByRole('group', { name: 'Recording' }).getByText(/^0:0[1-9] \/ 1:00$/).waitFor();
  await alice.keyboard.press('Escape');
  await alice.getByRole('button', { name: 'Record a voice message' }).waitFor();
  expect(await alice.locator('.audio').count()).toBe(0);
});

test('it is sent, arrives as AAC, and is heard', async () => {
  await alice.getByRole('button', { name: 'Record a voice message' }).click();
  await alice.getByRole('group', { name: 'Recording' }).getByText(/^0:0[3-9] \/ 1:00$/).waitFor();
  await alice.getByRole('button', { name: 'Send the recording' }).click();
  const sound = bob.locator('article .audio');
  await sound.waitFor();
  await alice.locator('article .audio').waitFor();
  await sound.getByRole('button', { name: 'Play' }).click();
  const position = sound.getByRole('slider');
  await expect.poll(async () => Number(await position.inputValue())).toBeGreaterThan(0.5);
  expect(Number(await position.getAttribute('max'))).toBeGreaterThan(2.9);
  const shown = JSON.stringify(homes.bob.command('messages', keyOf(homes.alice)));
  expect(shown).toContain('audio/aac');
});

test('what the other side hears is the beep that was recorded', async () => {
  await bob.reload();
  await openChat(bob, 'Alice Doe');
  await bob.locator('article .audio .play').waitFor();
  const loudness = await bob.evaluate(() => new Promise<number>((resolve, reject) => {
    const original = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob: Blob) => {
      void blob.arrayBuffer().then((bytes) => new OfflineAudioContext(1, 1, 24_000).decodeAudioData(bytes)).then((sound) => {
        const samples = sound.getChannelData(0);
        resolve(samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0));
      }, reject);
      return original(blob);
    };
    document.querySelector<HTMLElement>('article .audio .play')!.click();
  }));
  expect(loudness).toBeGreaterThan(0.02);
});

test('nothing was asked of anybody else, and nothing broke the policy', () => {
  expect(world.watch.foreign).toEqual([]);
  expect(world.watch.complaints).toEqual([]);
});
