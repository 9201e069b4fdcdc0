// The deterministic message hash of 14/WAKU2-MESSAGE: js-waku's and the node's, for messages of every shape.

import assert from "node:assert/strict";

import { StoreCodec, messageHashStr } from "@waku/core";
import { createEncoder } from "@waku/sdk";
import { proto_store } from "@waku/proto";

import { until } from "../lib/checks.mjs";
import { ask } from "../lib/ask.mjs";
import { freshTopic, pubsubTopic, routingInfo } from "../lib/topics.mjs";

const SHAPES = [
  { name: "one byte", payload: Uint8Array.of(0) },
  { name: "all byte values", payload: Uint8Array.from({ length: 256 }, (_, byte) => byte) },
  { name: "50 kB", payload: new Uint8Array(50_000).fill(1) },
  { name: "meta of one byte", payload: Uint8Array.of(1), meta: Uint8Array.of(0) },
  { name: "meta of 64 bytes", payload: Uint8Array.of(1), meta: new Uint8Array(64).fill(5) },
  { name: "a time in the past", payload: Uint8Array.of(2), timestamp: new Date(Date.now() - 15_000) },
];

export default async function ({ near, alice, bob, checks }) {
  for (const { name, payload, meta, timestamp } of SHAPES) {
    await checks.check(name, async () => {
      const contentTopic = freshTopic();
      const encoder = createEncoder({ contentTopic, routingInfo, metaSetter: meta && (() => meta) });
      const message = { payload, timestamp: timestamp ?? new Date() };
      const { successes } = await bob.lightPush.send(encoder, message);
      assert.equal(successes.length, 1);
      const ours = messageHashStr(pubsubTopic, await encoder.toProtoObj(message));
      await until("it is stored", async () => (await stored(alice, near, contentTopic)).length > 0);
      assert.deepEqual(await stored(alice, near, contentTopic), [ours]);
    });
  }
}

async function stored(client, node, contentTopic) {
  const request = proto_store.StoreQueryRequest.encode({
    requestId: "hashes",
    includeData: false,
    pubsubTopic,
    contentTopics: [contentTopic],
    messageHashes: [],
    paginationForward: true,
  });
  const { messages } = proto_store.StoreQueryResponse.decode(await ask(client, node, StoreCodec, request));
  return messages.map((entry) => Buffer.from(entry.messageHash).toString("hex"));
}
