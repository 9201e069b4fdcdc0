// As fast as js-waku can: nothing is lost on the way to the other node's subscribers and archive, and nothing comes twice.

import assert from "node:assert/strict";

import { createDecoder, createEncoder, bytesToUtf8, utf8ToBytes } from "@waku/sdk";

import { pause, until } from "../lib/checks.mjs";
import { freshTopic, routingInfo } from "../lib/topics.mjs";

const MESSAGES = 500;

export default async function ({ far, bob, checks, relayClient }) {
  const member = await checks.check("a member of the mesh", relayClient);
  if (!member) return;

  await checks.check(`${MESSAGES} messages of 1 kB at once`, async () => {
    const contentTopic = freshTopic();
    const [encoder, decoder] = [createEncoder({ contentTopic, routingInfo }), createDecoder(contentTopic, routingInfo)];
    const heard = [];
    await bob.filter.subscribe(decoder, (message) => heard.push(bytesToUtf8(message.payload)));
    const texts = Array.from({ length: MESSAGES }, (_, number) => `${number} `.padEnd(1_000, "x"));
    await Promise.all(texts.map((text) => member.relay.send(encoder, { payload: utf8ToBytes(text) })));
    await until("all were pushed", () => heard.length >= MESSAGES);
    await pause(500);
    assert.deepEqual([...heard].sort(), [...texts].sort());
    const stored = async () => {
      let count = 0;
      for await (const page of bob.store.queryGenerator([decoder], { peerId: far.peerId, paginationLimit: 100 })) {
        count += page.length;
      }
      return count;
    };
    await until("all are stored", async () => (await stored()) >= MESSAGES);
    assert.equal(await stored(), MESSAGES);
    await bob.filter.unsubscribe(decoder);
  });
  await member.stop();
}
