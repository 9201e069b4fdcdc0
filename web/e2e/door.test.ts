/** The door, in a real browser: who gets in, who stays out, and what happens when the daemon is away. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProfile, type Home, unlock, World } from './harness.ts';

let world: World;
let home: Home;
let page: Page;

beforeAll(async () => {
  world = await World.start();
  home = await world.home('alice');
  page = await world.page(home);
});
afterAll(() => world?.end());

/** A server of somebody else on this computer, and what it was told. */
async function stranger(port = 0, html = '<!doctype html><title>x</title>'): Promise<{ server: Server; origin: string; heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      heard.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body}`);
      response.setHeader('content-type', 'text/html');
      response.end(html);
    });
  });
  await new Promise<void>((ready) => server.listen(port, '127.0.0.1', ready));
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}

const close = (server: Server) => new Promise((done) => {
  server.closeAllConnections();
  server.close(done);
});

test('the file lets a browser in, and no secret stands in an address', async () => {
  await page.getByRole('button', { name: /Create a profile/ }).waitFor();
  expect(page.url()).toBe(`${home.address}/`);
  expect(await page.evaluate(() => [document.cookie, Object.keys(localStorage).length])).toEqual(['', 0]);
  expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual(['undertone.secret']);
  await createProfile(page, 'Alice Doe');
});

test('a page that is loaded again goes on, and so does a second window', async () => {
  await page.reload();
  await page.getByRole('heading', { name: 'Chats', exact: true }).waitFor();
  const second = await page.context().newPage();
  await second.goto(home.address);
  await second.getByRole('heading', { name: 'Chats', exact: true }).waitFor();
  await second.close();
});

test('another browser is told what to do; a code typed by hand works once', async () => {
  const other = await (await world.person(home)).newPage();
  await other.goto(home.address);
  const field = other.getByLabel('Code');
  await field.waitFor();
  expect(await other.getByText('undertone open').count()).toBeGreaterThan(0);
  const { code } = home.invite();
  await field.fill(code.toLowerCase());
  await other.getByRole('button', { name: 'Connect' }).click();
  await other.getByRole('heading', { name: 'Chats', exact: true }).waitFor();

  const third = await (await world.person(home)).newPage();
  await third.goto(home.address);
  await third.getByLabel('Code').fill(code);
  await third.getByRole('button', { name: 'Connect' }).click();
  await third.getByText('does not work any more').waitFor();
  expect(await third.getByText('undertone open').count()).toBe(1);
  await other.context().close();
  await third.context().close();
});

test('a page of another port reads nothing, sends nothing and frames nothing', async () => {
  const evil = await stranger();
  // The same browser that is let in, so that its cookies go along.
  const tab = await page.context().newPage();
  await tab.goto(evil.origin);
  expect(evil.heard.join(), 'cookies ignore ports: that is why the cookie alone is worth nothing').toContain('undertone-');
  const outcome = await tab.evaluate(async (target) => {
    const tried: Record<string, unknown> = {};
    const attempt = async (name: string, work: () => Promise<unknown>) => {
      tried[name] = await work().catch(() => 'refused');
    };
    await attempt('read', async () => (await fetch(`${target}/v1/status`, { credentials: 'include' })).status);
    await attempt('header', async () => (await fetch(`${target}/v1/status`, { credentials: 'include', headers: { 'Undertone-Page': '00' } })).status);
    await attempt('post', async () => (await fetch(`${target}/v1/profiles`, { method: 'POST', credentials: 'include', body: '{}' })).status);
    await attempt('hello', async () => (await fetch(`${target}/v1/door/hello`, { method: 'POST', credentials: 'include', body: '{}' })).status);
    await attempt('image', () => new Promise((resolve, reject) => {
      const image = new Image();
      image.onload = () => resolve('loaded');
      image.onerror = () => reject(new Error());
      image.src = `${target}/icon.svg`;
    }));
    await attempt('script', () => new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.onload = () => resolve('loaded');
      script.onerror = () => reject(new Error());
      script.src = `${target}/door.js`;
      document.head.append(script);
    }));
    await attempt('socket', () => new Promise((resolve, reject) => {
      const socket = new WebSocket(`${target.replace('http', 'ws')}/v1/profiles/x/events`, ['undertone.v1', 'undertone.page.00']);
      socket.onopen = () => resolve('open');
      socket.onerror = () => reject(new Error());
    }));
    return tried;
  }, home.address);
  expect(outcome).toEqual({ read: 'refused', header: 'refused', post: 'refused', hello: 'refused', image: 'refused', script: 'refused', socket: 'refused' });

  const framed = await tab.evaluate((target) => new Promise<number>((resolve) => {
    const frame = document.createElement('iframe');
    frame.onload = () => resolve(frame.contentWindow!.length);
    frame.src = target;
    document.body.append(frame);
  }), home.address);
  expect(framed).toBe(0);
  const inside = tab.frames().find((frame) => frame !== tab.mainFrame());
  expect(inside?.url()).not.toBe(`${home.address}/`);

  // A form goes out as a navigation; it is answered, and changes nothing.
  const answer = tab.waitForResponse((response) => response.url().startsWith(home.address));
  await tab.evaluate((target) => {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = `${target}/open`;
    form.innerHTML = '<input name="code" value="0000-0000-0000">';
    document.body.append(form);
    form.submit();
  }, home.address);
  expect((await answer).status()).toBe(403);
  await tab.close();
  await close(evil.server);
});

test('a name of somebody else that leads here is refused', async () => {
  const tab = await page.context().newPage();
  const answer = await tab.goto(`http://rebound.example:${home.port}/`);
  expect(answer?.status()).toBe(403);
  await tab.close();
});

test('whoever takes the port while the daemon is away learns nothing of use; the page goes on by itself', async () => {
  const secret = await page.evaluate(() => sessionStorage.getItem('undertone.secret'));
  const spoken: string[] = [];
  page.on('request', (request) => spoken.push(JSON.stringify(request.headers())));
  await home.kill();
  await page.getByText('Undertone does not answer').or(page.getByText('Undertone has stopped')).first().waitFor();
  const squatter = await stranger(home.port, '{"run":"00","proof":"00"}');
  // Until the page has asked it for a proof at least once.
  await expect.poll(() => squatter.heard.filter((line) => line.includes('/v1/door/hello')).length, { timeout: 20_000 }).toBeGreaterThan(0);
  await close(squatter.server);

  await home.start();
  await page.getByLabel('Password', { exact: true }).waitFor();
  const renewed = await page.evaluate(() => sessionStorage.getItem('undertone.secret'));
  expect(renewed).toMatch(/^[0-9a-f]{64}$/);
  expect(renewed).not.toBe(secret);
  expect(squatter.heard.join()).not.toContain(renewed);
  // What it heard opens nothing now: neither the cookie alone nor the secret of the run before.
  const cookie = /"cookie":"([^"]*)"/.exec(squatter.heard.join())?.[1] ?? '';
  const replay = (headers: Record<string, string>) => fetch(`${home.address}/v1/status`, { headers }).then((response) => response.status);
  expect(await replay({ cookie })).toBe(401);
  expect(await replay({ cookie, 'Undertone-Page': secret! })).toBe(401);
  await unlock(page, 'not the password');
  await page.getByText('That is not the password').waitFor();
  await unlock(page);
  await page.getByRole('heading', { name: 'Chats', exact: true }).waitFor();
});

test('nothing was asked of anybody else, and nothing broke the policy', () => {
  const ours = world.watch.foreign.filter((url) => !/^(http|ws):\/\/(127\.0\.0\.1|rebound\.example)/.test(url));
  expect(ours).toEqual([]);
  expect(world.watch.complaints.filter((text) => text.includes(home.address) === false && !text.includes('frame-ancestors'))).toEqual([]);
});
