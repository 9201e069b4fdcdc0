// 12/WAKU2-FILTER: subscribe, a long series of pushes, unsubscribe.

import assert from "node:assert/strict";

import { createDecoder, createEncoder, bytesToUtf8, utf8ToBytes } from "@waku/sdk";

import { pause, until } from "../lib/checks.mjs";
import { freshTopic, routingInfo } from "../lib/topics.mjs";

// js-waku refuses the 101st push stream of a connection: a node that opens one per message loses the rest.
const MESSAGES = 130;

export default async function ({ alice, bob, checks }) {
  const [contentTopic, otherTopic] = [freshTopic(), freshTopic()];
  const [decoder, other] = [contentTopic, otherTopic].map((topic) => createDecoder(topic, routingInfo));
  const send = async (topic, text) => {
    const encoder = createEncoder({ contentTopic: topic, routingInfo });
    const { successes } = await bob.lightPush.send(encoder, { payload: utf8ToBytes(text) });
    assert.equal(successes.length, 1, `"${text}" was not published`);
  };
  const heard = [];
  const others = [];

  await checks.check("subscribe", async () => {
    assert.equal(await alice.filter.subscribe(decoder, (message) => heard.push(bytesToUtf8(message.payload))), true);
    assert.equal(await alice.filter.subscribe(other, (message) => others.push(bytesToUtf8(message.payload))), true);
  });

  await checks.check(`${MESSAGES} messages in a row arrive, each once`, async () => {
    const texts = Array.from({ length: MESSAGES }, (_, number) => `message ${number}`);
    for (const text of texts) await send(contentTopic, text);
    await until("all were pushed", () => heard.length >= MESSAGES);
    await pause(500);
    assert.deepEqual([...heard].sort(), [...texts].sort());
    assert.deepEqual(others, [], "pushes of one content topic reached the other's subscriber");
  });

  await checks.check("after unsubscribing nothing of that topic arrives, the other topic goes on", async () => {
    assert.equal(await alice.filter.unsubscribe(decoder), true);
    const before = heard.length;
    await send(contentTopic, "nobody listens");
    await send(otherTopic, "still there");
    await until("the other topic was pushed", () => others.length === 1);
    await pause(500);
    assert.equal(heard.length, before);
  });

  await checks.check("subscribing again works", async () => {
    heard.length = 0;
    assert.equal(await alice.filter.subscribe(decoder, (message) => heard.push(bytesToUtf8(message.payload))), true);
    await send(contentTopic, "back again");
    await until("it was pushed", () => heard.length === 1);
    await alice.filter.unsubscribe([decoder, other]);
  });
}
