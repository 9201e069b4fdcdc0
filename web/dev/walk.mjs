// Walks through a first meeting with two real daemons, timing each step, and photographs it.
//   node dev/walk.mjs OUT BINARY DATA_A DATA_B     (both daemons run, on the same network)
import { chromium } from 'playwright-core';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

const [out, binary, ...homes] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const began = Date.now();
let last = began;
const step = (what) => {
  const now = Date.now();
  console.log(`${((now - began) / 1000).toFixed(1).padStart(6)} s  (+${((now - last) / 1000).toFixed(1)})  ${what}`);
  last = now;
};
async function enter(home, scheme) {
  const { address, code } = JSON.parse(execFileSync(binary, ['open', '--code', '--json', '--data-dir', home], { encoding: 'utf8' }));
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: scheme, locale: 'en-GB' });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type()) && !message.text().includes('Permissions-Policy')) console.log(`    ${home}: ${message.text()}`); });
  page.on('pageerror', (error) => console.log(`    ${home}: ${error.message}`));
  await page.goto(address);
  await page.getByLabel('Code').fill(code);
  await page.getByRole('button', { name: 'Connect' }).click();
  return page;
}
async function create(page, name) {
  await page.getByRole('button', { name: /Create a profile/ }).click();
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByLabel('Repeat the password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Create profile' }).click();
  await page.getByRole('heading', { name: 'Chats', exact: true }).waitFor();
}
const shot = (page, name) => page.screenshot({ path: `${out}/${name}.png` });
try {
  const alice = await enter(homes[0], 'light');
  const bob = await enter(homes[1], 'dark');
  step('both browsers let in by a code');
  await shot(alice, 'first');
  await create(alice, 'Alice Doe');
  step('Alice has a profile');
  await create(bob, 'Bob Summer');
  step('Bob has a profile');
  await alice.getByRole('button', { name: 'Share my profile' }).first().click();
  const key = (await alice.locator('dialog code').textContent()).trim();
  await shot(alice, 'share');
  await alice.keyboard.press('Escape');
  await bob.getByRole('button', { name: 'Add contact' }).first().click();
  await bob.getByLabel('Key or link').fill(key);
  await bob.getByLabel('Note').fill('Hello Alice, it is Bob from the climbing wall.');
  await bob.getByRole('button', { name: 'Send request' }).click();
  step('Bob asked Alice by her key');
  await alice.getByRole('button', { name: 'Contacts' }).first().click();
  await alice.getByRole('button', { name: 'Accept' }).first().click();
  step('Alice got the request and accepted');
  await bob.locator('.chat').first().click();
  await bob.locator('textarea').fill('Hello Alice 👋 So **nobody** runs this for us?');
  await bob.keyboard.press('Enter');
  await alice.getByRole('button', { name: 'Chats' }).first().click();
  await alice.locator('.chat').first().click();
  await alice.getByText('runs this for us?').last().waitFor();
  step('Bob wrote, Alice reads');
  await alice.locator('textarea').fill('Five strangers do, and none of them can read it.');
  const sent = Date.now();
  await alice.keyboard.press('Enter');
  await bob.locator('article', { hasText: 'Five strangers do' }).waitFor();
  console.log(`    from key press to the other screen: ${Date.now() - sent} ms`);
  await alice.locator('article', { hasText: 'Five strangers do' }).getByLabel(/Delivered/).first().waitFor();
  step('Alice answered; Bob reads; Alice sees that it was delivered');
  await bob.locator('article', { hasText: 'Five strangers do' }).click({ button: 'right' });
  await bob.getByRole('menuitem', { name: 'Reply' }).click();
  await bob.locator('textarea').fill('Then listen: the spare key is under the flower pot.');
  await bob.keyboard.press('Enter');
  await alice.locator('article', { hasText: 'flower pot' }).locator('.quote').waitFor();
  step('Bob replied with a quote');
  await alice.waitForTimeout(500);
  await shot(alice, 'alice');
  await shot(bob, 'bob');
  for (const [hash, name] of [['#/network', 'network'], ['#/activity', 'activity'], ['#/settings/privacy', 'privacy']]) {
    await alice.evaluate((to) => (location.hash = to), hash);
    await alice.waitForTimeout(600);
    await shot(alice, name);
  }
  await alice.keyboard.press('Control+k');
  await alice.keyboard.type('flower');
  await alice.locator('.hit').first().waitFor();
  await alice.waitForTimeout(500);
  await shot(alice, 'search');
  await alice.keyboard.press('Enter');
  await alice.waitForTimeout(800);
  await shot(alice, 'jump');
  step('Alice searched and jumped');
  await bob.getByRole('button', { name: /your profile/ }).click();
  await bob.getByRole('menuitem', { name: 'Lock' }).click();
  await bob.getByLabel('Password', { exact: true }).fill('wrong password!');
  await bob.getByRole('button', { name: 'Unlock' }).click();
  await bob.getByText('That is not the password').waitFor();
  await shot(bob, 'wrong');
  await bob.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await bob.getByRole('button', { name: 'Unlock' }).click();
  await bob.locator('.chat').first().waitFor();
  step('Bob locked, mistyped, unlocked');
  if (process.env.RESTART) {
    const restart = (command) => execFileSync('/bin/bash', ['-c', command]);
    restart(`${process.env.RESTART} kill`);
    await alice.getByText('Undertone does not answer').waitFor();
    await alice.waitForTimeout(500);
    await shot(alice, 'away');
    step('the daemon was killed; the page says so');
    restart(`${process.env.RESTART} start`);
    await alice.getByLabel('Password', { exact: true }).fill('correct horse battery');
    await alice.getByRole('button', { name: 'Unlock' }).click();
    await alice.locator('.chat').first().waitFor();
    await bob.locator('.chat').first().click();
    await bob.locator('textarea').fill('Are you back?');
    await bob.keyboard.press('Enter');
    await alice.locator('.chat', { hasText: 'Are you back?' }).waitFor();
    step('it was started again; the same page unlocked and goes on');
  }
} catch (error) {
  console.log(String(error).slice(0, 900));
  let at = 0;
  for (const context of browser.contexts()) for (const page of context.pages()) await shot(page, `failed${at++}`);
}
await browser.close();
