// 13/WAKU2-STORE version 3: history in pages, both ways, and by hash.

import assert from "node:assert/strict";

import { StoreCodec, messageHash } from "@waku/core";
import { createDecoder, createEncoder, bytesToUtf8, utf8ToBytes } from "@waku/sdk";
import { proto_store } from "@waku/proto";

import { until } from "../lib/checks.mjs";
import { ask } from "../lib/ask.mjs";
import { freshTopic, pubsubTopic, routingInfo } from "../lib/topics.mjs";

const MESSAGES = 47;
const PAGE = 10;

export default async function ({ near, alice, bob, checks }) {
  const contentTopic = freshTopic();
  const decoder = createDecoder(contentTopic, routingInfo);
  const started = new Date();
  const texts = await fill(bob, contentTopic);
  const query = (options = {}) => collect(alice, near, decoder, options);
  const wire = (request) => page(alice, near, request);
  await until("the node stored them all", async () => (await query({ paginationLimit: 100 })).length >= MESSAGES);
  const stored = await query({ paginationLimit: 100 });
  const hashes = stored.map(hex);

  await checks.check("every message is stored once, in the order of time and hash", async () => {
    assert.deepEqual(stored.map(text).sort(), [...texts].sort());
    const places = stored.map((message) => `${message.timestamp.getTime()} ${hex(message)}`);
    assert.deepEqual(places, [...places].sort());
  });

  await checks.check(`pages of ${PAGE} going forward`, async () => {
    assert.deepEqual((await query({ paginationLimit: PAGE })).map(hex), hashes);
  });

  await checks.check("the default page", async () => {
    assert.deepEqual((await query()).map(hex), hashes);
  });

  await checks.check("asked without a direction it comes to an end and leaves nothing out", async () => {
    // js-waku does not write `false`; servers disagree on what that means, but not on what is there.
    const found = new Set((await query({ paginationLimit: PAGE, paginationForward: false })).map(hex));
    assert.deepEqual([...found].sort(), [...hashes].sort());
  });

  await checks.check(`pages of ${PAGE} going backward, oldest first inside the page`, async () => {
    const pages = [];
    let cursor;
    do {
      const response = await wire({ contentTopic, cursor, backward: true, limit: PAGE });
      pages.unshift(response.messages.map((entry) => Buffer.from(entry.messageHash).toString("hex")));
      cursor = response.paginationCursor;
    } while (cursor && pages.length < 20);
    assert.deepEqual(pages.map((one) => one.length), [7, 10, 10, 10, 10]);
    assert.deepEqual(pages.flat(), hashes);
  });

  await checks.check("the hash of every entry is the one that js-waku computes", async () => {
    const { messages } = await wire({ contentTopic, limit: 100 });
    for (const entry of messages) {
      assert.equal(entry.pubsubTopic, pubsubTopic);
      assert.deepEqual(Buffer.from(entry.messageHash), Buffer.from(messageHash(pubsubTopic, entry.message)));
    }
  });

  await checks.check("hashes without the messages", async () => {
    const { messages } = await wire({ contentTopic, limit: 100, includeData: false });
    assert.deepEqual(messages.map((entry) => Buffer.from(entry.messageHash).toString("hex")), hashes);
    assert.ok(messages.every((entry) => entry.message === undefined));
  });

  await checks.check("messages by hash, with the pubsub topic beside it, page by page to the end", async () => {
    const wanted = stored.filter((_, index) => index % 2 === 0);
    const messageHashes = wanted.map((message) => messageHash(pubsubTopic, message));
    const found = await query({ messageHashes, paginationLimit: PAGE });
    assert.deepEqual(found.map(hex), wanted.map(hex));
  });

  await checks.check("a span of time", async () => {
    const [timeStart, timeEnd] = [stored[10].timestamp, stored[30].timestamp];
    const found = (await query({ timeStart, timeEnd, paginationLimit: PAGE })).map(hex);
    // js-waku's nanoseconds come out of floating point, up to 128 ns off: the messages at the edges may be missing.
    const inside = stored.filter(({ timestamp }) => timestamp > timeStart && timestamp < timeEnd).map(hex);
    assert.deepEqual(inside.filter((hash) => !found.includes(hash)), []);
    assert.ok(found.every((hash) => hashes.indexOf(hash) >= 0 && found.length <= MESSAGES));
    assert.deepEqual(await query({ timeStart: new Date(started - 60_000), timeEnd: new Date(started - 50_000) }), []);
  });

  await checks.check("an unknown cursor and a cursor of zeroes are refused with status 300", async () => {
    for (const cursor of [new Uint8Array(32).fill(9), new Uint8Array(32)]) {
      const { statusCode, messages } = await wire({ contentTopic, cursor });
      assert.deepEqual([statusCode, messages.length], [300, 0]);
    }
  });

  await checks.check("a page of 0 is the default page of 20, and no page has more than 100", async () => {
    assert.equal((await wire({ contentTopic, limit: 0 })).messages.length, 20);
    assert.equal((await wire({ contentTopic, limit: 5_000 })).messages.length, MESSAGES);
  });

  await checks.check("a page that ends with the last message has no cursor, and what follows the last is empty", async () => {
    const whole = await wire({ contentTopic, limit: MESSAGES });
    assert.deepEqual([whole.messages.length, whole.paginationCursor?.length ?? 0], [MESSAGES, 0]);
    const after = await wire({ contentTopic, limit: PAGE, cursor: Buffer.from(hashes.at(-1), "hex") });
    assert.deepEqual([after.statusCode, after.messages.length, after.paginationCursor?.length ?? 0], [200, 0, 0]);
    const before = await wire({ contentTopic, limit: PAGE, backward: true, cursor: Buffer.from(hashes[0], "hex") });
    assert.deepEqual([before.statusCode, before.messages.length], [200, 0]);
  });

  await checks.check("pages of one", async () => {
    const few = [];
    let cursor;
    do {
      const response = await wire({ contentTopic, cursor, limit: 1 });
      few.push(...response.messages.map((entry) => Buffer.from(entry.messageHash).toString("hex")));
      cursor = response.paginationCursor;
    } while (cursor?.length);
    assert.deepEqual(few, hashes);
  });

  await checks.check("topics nobody used, and hashes nobody made, find nothing", async () => {
    const { statusCode, messages } = await wire({ contentTopic: freshTopic() });
    assert.deepEqual([statusCode, messages.length], [200, 0]);
    assert.deepEqual(await query({ messageHashes: [new Uint8Array(32).fill(1)] }), []);
  });

  await checks.check("ephemeral messages are not stored", async () => {
    const topic = freshTopic();
    const heard = [];
    const ephemeralDecoder = createDecoder(topic, routingInfo);
    await alice.filter.subscribe(ephemeralDecoder, (message) => heard.push(text(message)));
    for (const ephemeral of [true, false]) {
      const encoder = createEncoder({ contentTopic: topic, routingInfo, ephemeral });
      await bob.lightPush.send(encoder, { payload: utf8ToBytes(ephemeral ? "passing" : "staying") });
    }
    await until("both were pushed", () => heard.length === 2);
    await until("one was stored", async () => (await collect(alice, near, ephemeralDecoder)).length > 0);
    assert.deepEqual((await collect(alice, near, ephemeralDecoder)).map(text), ["staying"]);
    await alice.filter.unsubscribe(ephemeralDecoder);
  });
}

async function fill(client, contentTopic) {
  const encoder = createEncoder({ contentTopic, routingInfo });
  const texts = Array.from({ length: MESSAGES }, (_, number) => `stored ${number}`);
  for (const one of texts) {
    const { successes } = await client.lightPush.send(encoder, { payload: utf8ToBytes(one) });
    assert.equal(successes.length, 1, `"${one}" was not published`);
  }
  return texts;
}

/** All messages that js-waku's own paging yields. */
async function collect(client, node, decoder, options = {}) {
  const messages = [];
  for await (const promises of client.store.queryGenerator([decoder], { peerId: node.peerId, ...options })) {
    messages.push(...(await Promise.all(promises)));
    assert.ok(messages.length < 100 * MESSAGES, "paging does not end");
  }
  return messages;
}

/** One page, with everything written out that js-waku leaves to defaults. */
async function page(client, node, { contentTopic, cursor, backward = false, includeData = true, limit }) {
  const request = proto_store.StoreQueryRequest.encode({
    requestId: "page",
    includeData,
    pubsubTopic,
    contentTopics: [contentTopic],
    messageHashes: [],
    paginationCursor: cursor,
    paginationForward: !backward,
    paginationLimit: limit && BigInt(limit),
  });
  const FORWARD_IS_FALSE = [0xa0, 0x03, 0x00]; // field 52
  const bytes = backward ? Uint8Array.from([...request, ...FORWARD_IS_FALSE]) : request;
  return proto_store.StoreQueryResponse.decode(await ask(client, node, StoreCodec, bytes));
}

const text = (message) => bytesToUtf8(message.payload);
const hex = (message) => Buffer.from(messageHash(pubsubTopic, message)).toString("hex");
