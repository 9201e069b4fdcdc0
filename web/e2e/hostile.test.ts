/** Texts that try to be markup and script, sent through real daemons; and event frames that are none. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProfile, type Home, keyOf, message, openChat, PASSWORD, say, World } from './harness.ts';

const CORPUS = [
  '<script>window.hit=1</script>', '<img src=x onerror="window.hit=1">', '<svg/onload=window.hit=1>', '"><iframe srcdoc="<script>parent.hit=1</script>">',
  '[click](javascript:window.hit=1)', 'javascript:window.hit=1', 'https://a.example/" onmouseover="window.hit=1', '**<b onclick=window.hit=1>x</b>**',
  '`<style>*{display:none}</style>`', '```\n<script>window.hit=1</script>\n```', '{{constructor.constructor("window.hit=1")()}}',
  '<a href="data:text/html,<script>opener.hit=1</script>">x</a>', '&lt;script&gt;', '<form action=//evil.example><button>x', '<math><mtext><img src=x onerror=window.hit=1>',
  '\u202Etxt.exe', '<base href=//evil.example>', '<link rel=stylesheet href=//evil.example>', '<meta http-equiv=refresh content="0;url=//evil.example">',
  '<a href="&#106;avascript:window.hit=1">x</a>', '<details open ontoggle=window.hit=1>', '<input autofocus onfocus=window.hit=1>', '<template><script>window.hit=1</script></template>',
  'x'.repeat(4000), '\u0001\u001b[2Jz\u0335a\u0336l\u0337g\u0338o', '👩‍👩‍👧‍👦'.repeat(50), '#'.repeat(400), '*'.repeat(400) + '_'.repeat(400), '[['.repeat(300), '> '.repeat(300) + 'deep',
];

let world: World;
let homes: { alice: Home; mallory: Home };
let page: Page;

beforeAll(async () => {
  world = await World.start();
  homes = { alice: await world.home('alice'), mallory: await world.home('mallory') };
  page = await world.page(homes.alice);
  await createProfile(page, 'Alice Doe');
  const file = world.file('password', PASSWORD);
  homes.mallory.command('profile', 'create', '--name', 'Mallory', '--password-file', file);
});
afterAll(() => world?.end());

/** What a text that became more than a text would leave behind. */
const traces = () => page.evaluate(() => ({
  hit: (window as unknown as { hit?: number }).hit ?? 0,
  elements: document.querySelectorAll('article :is(script, iframe, form, base, meta, link, object, embed, style, math)').length,
  handlers: [...document.querySelectorAll('article *')].filter((node) => [...node.attributes].some((attribute) => attribute.name.startsWith('on'))).length,
  links: [...document.querySelectorAll<HTMLAnchorElement>('article a')].map((link) => link.protocol).filter((protocol) => !/^https?:$/.test(protocol)),
  images: document.querySelectorAll('article img:not([src^="blob:"])').length,
}));
const NONE = { hit: 0, elements: 0, handlers: 0, links: [], images: 0 };

test('a hostile note and nickname are shown as they are', async () => {
  homes.mallory.command('contact', 'add', keyOf(homes.alice), '--note', '<img src=x onerror="window.hit=1"> let me in');
  await page.getByRole('button', { name: 'Contacts' }).first().click();
  await page.getByText('<img src=x onerror="window.hit=1"> let me in').first().waitFor();
  await page.getByRole('button', { name: 'Accept' }).first().click();
  await page.getByRole('button', { name: 'Chats' }).first().click();
  await openChat(page, 'Mallory');
  homes.alice.command('contact', 'nickname', keyOf(homes.mallory), '<u>Mallory</u>"\'');
  await page.locator('.chat', { hasText: '<u>Mallory</u>"\'' }).waitFor();
  expect(await traces()).toEqual(NONE);
});

test('hostile messages stay text', async () => {
  for (const text of CORPUS) homes.mallory.command('send', keyOf(homes.alice), text);
  homes.mallory.command('send', keyOf(homes.alice), 'the last of them');
  await message(page, 'the last of them').waitFor();
  expect(await traces()).toEqual(NONE);
  // All of the timeline passes the screen once.
  const log = page.getByRole('log');
  let shown = '';
  for (let top = 0; top < 30; top += 1) {
    await log.evaluate((node) => node.scrollBy(0, -400));
    await page.waitForFunction(() => new Promise((done) => requestAnimationFrame(() => done(true))));
    expect(await traces()).toEqual(NONE);
    shown += await log.innerText();
  }
  for (const text of CORPUS.filter((one) => one.startsWith('<'))) expect(shown).toContain(text);
});

/** What the daemon says, numbered after the frame that was slipped in: a number that was there is passed over. */
function oneLater(text: string): string {
  const frame = JSON.parse(text) as { type: string; seq: number };
  return frame.type === 'event' ? JSON.stringify({ ...frame, seq: frame.seq + 1 }) : text;
}

test('frames that are none, or huge, or of no known kind do not break the page', async () => {
  const frames: (string | Buffer)[] = [
    '', 'null', '[]', '{', '"x"', '{"type":"event"}', '{"type":"event","epoch":1,"seq":"a","items":{}}', '{"type":"new-kind","value":1}', Buffer.from([0, 255, 1]),
    JSON.stringify({ type: 'signal', signal: { kind: 'unheard-of', value: { deep: [1] } } }),
    JSON.stringify({ type: 'signal', signal: null }),
    `{"type":"event","epoch":"e","seq":1,"items":[{"kind":"message","value":"${'x'.repeat(20_000_000)}"}]}`,
    '['.repeat(200_000),
  ];
  await page.routeWebSocket(/\/events/, (socket) => {
    const server = socket.connectToServer();
    let first = true;
    server.onMessage((text) => {
      socket.send(first || typeof text !== 'string' ? text : oneLater(text));
      // Right after the stream began; and then items of the right epoch that are not what they say.
      if (!first || typeof text !== 'string') return;
      first = false;
      const { epoch, seq } = JSON.parse(text) as { epoch: string; seq: number };
      for (const frame of frames) socket.send(frame);
      // One item that is none, and the frame is skipped.
      socket.send(JSON.stringify({ type: 'event', epoch, seq: seq + 1, items: [3] }));
      socket.send(JSON.stringify({ type: 'event', epoch, seq: seq + 1, items: [
        { kind: 'message', value: null }, { kind: 'chat', value: {} }, { kind: 'contact', value: [] }, { kind: 'message', value: { id: 7, chat: {}, text: [] } }, { kind: 'future', value: 1 },
      ] }));
    });
  });
  await page.reload();
  await openChat(page, 'Mallory');
  homes.mallory.command('send', keyOf(homes.alice), 'still here?');
  await page.locator('.chat', { hasText: 'still here?' }).waitFor();
  // The chat opens where the unread ones begin, unless all were read before the page was loaded again.
  const down = page.locator('.down');
  if (await down.isVisible()) await down.click();
  await message(page, 'still here?').waitFor();
  await say(page, 'still here');
  await message(page, 'still here').waitFor();
});

test('nothing was asked of anybody else, and nothing broke the policy', () => {
  expect(world.watch.foreign).toEqual([]);
  expect(world.watch.complaints).toEqual([]);
});
