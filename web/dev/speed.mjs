// Scrolls through a long chat and says how long frames took; measures sending and first paint.
//   FIXTURE_LONG=100000 FIXTURE_MANY=1000 npm run preview &   then: node dev/speed.mjs
import { chromium } from 'playwright-core';
const base = process.env.BASE ?? 'http://127.0.0.1:4173';
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--js-flags=--expose-gc', '--enable-precise-memory-info'] });
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
await context.addInitScript(() => { if (!sessionStorage.getItem('undertone.secret')) sessionStorage.setItem('undertone.key', 'fixture'); });
const page = await context.newPage();
page.on('pageerror', (error) => console.log('error', error.message));
await page.request.post(`${base}/v1/profiles/p1/unlock`, { data: { password: 'right' } });
await page.goto(`${base}/#/chats`);
await page.waitForSelector('.chat');
const loads = [];
for (let round = 0; round < 5; round += 1) {
  await page.reload();
  await page.waitForSelector('.chat:visible');
  loads.push(await page.evaluate(() => Math.round(performance.now())));
}
console.log('first chats shown after a reload (ms):', loads.join(' '), 'first contentful paint:', await page.evaluate(() => Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1)));
await page.goto(`${base}/#/chats/long`);
await page.waitForSelector('.scroll.placed');
await page.waitForTimeout(500);
const cdp = await context.newCDPSession(page);
await cdp.send('Performance.enable');
const metrics = async () => Object.fromEntries((await cdp.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
const before = await metrics();
const STEP = Number(process.env.STEP ?? 900);
const result = await page.evaluate(async (step) => {
  const scroller = document.querySelector('.scroll');
  const frames = [];
  const seen = new Set();
  let last = performance.now();
  const until = last + 20_000;
  let loaded = 0;
  for (;;) {
    scroller.scrollTop -= step;
    await new Promise((done) => requestAnimationFrame(done));
    const now = performance.now();
    frames.push(now - last);
    last = now;
    for (const row of document.querySelectorAll('[data-message]')) seen.add(row.dataset.message);
    loaded = seen.size;
    const first = document.querySelector('[data-message]')?.textContent ?? '';
    if (now > until || /^.{0,40}\b0: /.test(first)) break;
  }
  frames.sort((a, b) => a - b);
  return { frames: frames.length, p50: frames[frames.length >> 1], p99: frames[Math.floor(frames.length * 0.99)], worst: frames.at(-1), over50: frames.filter((ms) => ms > 50).length, rows: loaded, memory: performance.memory?.usedJSHeapSize };
}, STEP);
const after = await metrics();
console.log('scrolling:', JSON.stringify(result));
for (const name of ['ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration', 'TaskDuration']) console.log(`  ${name} per frame: ${(((after[name] - before[name]) * 1000) / result.frames).toFixed(1)} ms`);
await page.goto(`${base}/#/chats/bob`);
await page.waitForSelector('.scroll.placed');
const sent = [];
for (let round = 0; round < 10; round += 1) {
  await page.locator('textarea').fill(`Hello ${round} ${Math.random()}`);
  sent.push(await page.evaluate(async () => {
    const text = document.querySelector('textarea').value;
    const began = performance.now();
    document.querySelector('.send').click();
    while (![...document.querySelectorAll('article')].some((row) => row.textContent.includes(text))) await new Promise((done) => requestAnimationFrame(done));
    return Math.round(performance.now() - began);
  }));
}
console.log('key press to shown (ms):', sent.join(' '));
await browser.close();
