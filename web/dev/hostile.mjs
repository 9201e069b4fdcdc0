// Sends what tries to be markup and script through the built app, and looks that all of it is text.
//   npm run build && npm run preview &   then: node dev/hostile.mjs
import { chromium } from 'playwright-core';
const base = process.env.BASE ?? 'http://127.0.0.1:4173';
const CORPUS = [
  '<script>window.hit=1</script>', '<img src=x onerror="window.hit=1">', '<svg/onload=window.hit=1>', '"><iframe srcdoc="<script>parent.hit=1</script>">', '[click](javascript:window.hit=1)',
  'javascript:window.hit=1', 'https://a.example/" onmouseover="window.hit=1', '**<b onclick=window.hit=1>x</b>**', '`<style>*{display:none}</style>`', '```\n<script>window.hit=1</script>\n```',
  '{{constructor.constructor("window.hit=1")()}}', '<a href="data:text/html,<script>opener.hit=1</script>">x</a>', '&lt;script&gt;', '<form action=//evil.example><button>x', '<math><mtext><img src=x onerror=window.hit=1>',
  '\u202Etxt.exe', '<base href=//evil.example>', '<link rel=stylesheet href=//evil.example>', '<meta http-equiv=refresh content="0;url=//evil.example">',
];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'] });
const page = await (await browser.newContext()).newPage();
await page.addInitScript(() => { if (!sessionStorage.getItem('undertone.secret')) sessionStorage.setItem('undertone.key', 'fixture'); });
const foreign = [];
page.on('request', (request) => { if (!request.url().startsWith(base) && !/^(blob|data):/.test(request.url())) foreign.push(request.url()); });
await page.request.post(`${base}/v1/profiles/p1/unlock`, { data: { password: 'right' } });
await page.goto(`${base}/#/chats/carla`);
await page.waitForSelector('.scroll.placed');
const before = await page.evaluate(() => document.querySelectorAll('script, iframe, form, base, meta, link').length);
for (const text of CORPUS) await page.request.post(`${base}/v1/profiles/p1/chats/carla/messages`, { data: { text } });
await page.waitForTimeout(1500);
const after = await page.evaluate(() => ({
  hit: window.hit, elements: document.querySelectorAll('script, iframe, form, base, meta, link').length, images: document.querySelectorAll('img[src="x"]').length,
  handlers: [...document.querySelectorAll('.rich *')].filter((node) => [...node.attributes].some((attribute) => attribute.name.startsWith('on'))).length,
  links: [...document.querySelectorAll('.rich a')].map((link) => link.protocol).filter((protocol) => !/^https?:$/.test(protocol)).length, shown: document.querySelectorAll('article').length,
}));
const bad = after.hit !== undefined || after.elements !== before || after.images + after.handlers + after.links > 0 || foreign.length > 0;
console.log(`${CORPUS.length} hostile texts, ${after.shown} messages shown: ${bad ? 'BROKEN' : 'all of it is text, nothing ran, nothing foreign was asked'}`, bad ? JSON.stringify({ before, after, foreign }) : '');
await browser.close();
process.exitCode = bad ? 1 : 0;
