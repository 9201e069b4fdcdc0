// Photographs screens of the built app over the fixture server, to be looked at.
//   npm run build && npm run preview &   then: node dev/shots.mjs OUT [name…]
import { chromium } from 'playwright-core';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// With AXE=1 each screen is also examined.
const axe = process.env.AXE ? readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8') : undefined;

const [out = '/tmp/shots', ...only] = process.argv.slice(2);
const base = process.env.BASE ?? 'http://127.0.0.1:4173';
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const wait = (page) => page.waitForTimeout(350);
const open = (hash) => async (page) => { await page.goto(`${base}/${hash}`); };
const screens = {
  unlock: async (page) => { await page.request.post(`${base}/v1/profiles/p1/lock`); await open('')(page); },
  welcome: async (page) => { await page.request.post(`${base}/v1/profiles/p1/lock`); await open('')(page); await page.getByRole('button', { name: 'New profile' }).click(); },
  restore: async (page) => { await page.request.post(`${base}/v1/profiles/p1/lock`); await open('')(page); await page.getByRole('button', { name: 'Restore a profile' }).click(); await page.getByLabel('Recovery phrase').fill('panda eyebrow bulet gor'); },
  chats: open('#/chats'),
  bob: open('#/chats/bob'),
  group: open('#/chats/group'),
  info: open('#/chats/group?panel=info'),
  person: open('#/chats/bob?panel=info'),
  pinned: open('#/chats/bob?panel=pinned'),
  details: async (page) => { await open('#/chats/bob')(page); await wait(page); await page.locator('button.meta').last().click(); },
  request: open('#/chats/farid'),
  public: open('#/chats/public'),
  contacts: open('#/contacts'),
  contact: async (page) => { await open('#/contacts')(page); await page.getByRole('button', { name: /Bob Summer/ }).first().click(); },
  activity: open('#/activity'),
  communities: open('#/communities'),
  network: open('#/network'),
  settings: open('#/settings'),
  profile: open('#/settings/profile'),
  privacy: open('#/settings/privacy'),
  notifications: open('#/settings/notifications'),
  appearance: open('#/settings/appearance'),
  security: open('#/settings/security'),
  node: open('#/settings/node'),
  backup: open('#/settings/backup'),
  search: async (page) => { await open('#/chats/bob')(page); await wait(page); await page.keyboard.press('Control+k'); await page.keyboard.type('sat'); await page.waitForTimeout(400); },
  add: async (page) => { await open('#/contacts')(page); await page.getByRole('button', { name: 'Add contact' }).first().click(); },
  share: async (page) => { await open('#/contacts')(page); await page.getByRole('button', { name: 'Share my profile' }).first().click(); },
  newgroup: async (page) => { await open('#/chats')(page); await page.getByRole('button', { name: 'New chat' }).click(); await page.getByRole('menuitem', { name: 'New group' }).click(); },
  emoji: async (page) => { await open('#/chats/bob')(page); await page.getByRole('button', { name: 'Emoji', exact: true }).click(); await page.waitForTimeout(700); },
  menu: async (page) => { await open('#/chats/bob')(page); await wait(page); await page.locator('article').nth(-2).click({ button: 'right' }); },
  composer: async (page) => { await open('#/chats/bob')(page); await wait(page); await page.locator('article').nth(-2).click({ button: 'right' }); await page.getByRole('menuitem', { name: 'Reply' }).click(); await page.locator('textarea').fill('I will bring **two** ropes, @bo'); await page.locator('textarea').press('End'); },
  viewer: async (page) => { await open('#/chats/group')(page); await page.getByRole('button', { name: /Open picture 1/ }).click(); },
  shortcuts: async (page) => { await open('#/chats')(page); await wait(page); await page.keyboard.press('?'); },
};
for (const [size, width, height] of [['wide', 1280, 800], ['phone', 390, 844]]) {
  for (const theme of ['light', 'dark']) {
    if (process.env.THEME && process.env.THEME !== theme) continue;
    if (process.env.SIZE && process.env.SIZE !== size) continue;
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, locale: process.env.LANG2 ?? 'en-GB', hasTouch: size === 'phone', reducedMotion: 'reduce' });
    await context.addInitScript(() => { if (!sessionStorage.getItem('undertone.secret')) sessionStorage.setItem('undertone.key', 'fixture'); });
    for (const [name, go] of Object.entries(screens)) {
      if (only.length > 0 && !only.includes(name)) continue;
      const page = await context.newPage();
      page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) console.log(`${size} ${theme} ${name}: ${message.text()}`); });
      page.on('pageerror', (error) => console.log(`${size} ${theme} ${name}: ${error.message}`));
      try {
        if (!['unlock', 'welcome', 'restore'].includes(name)) await page.request.post(`${base}/v1/profiles/p1/unlock`, { data: { password: 'right' } });
        page.setDefaultTimeout(4000);
        await go(page);
        await page.waitForTimeout(500);
        await page.waitForFunction(() => !document.querySelector('.scroll:not(.placed)') && ![...document.querySelectorAll('[style*="visibility: hidden"]')].length, undefined, { timeout: 5000 }).catch(() => console.log(`${name} not settled`));
        await page.waitForTimeout(200);
        await page.screenshot({ path: `${out}/${name}-${size}-${theme}.png` });
        if (axe) {
          await page.evaluate(axe);
          const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
          for (const violation of found.violations) console.log(`${size} ${theme} ${name}: ${violation.id}: ${violation.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary?.split('\n')[1] ?? ''}`).join(' | ')}`);
        }
      } catch (error) {
        console.log(`${size} ${theme} ${name}: FAILED ${error.message.split('\n')[0]}`);
        await page.screenshot({ path: `${out}/${name}-${size}-${theme}.png` });
      }
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
