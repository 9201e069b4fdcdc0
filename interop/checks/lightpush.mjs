// 19/WAKU2-LIGHTPUSH, both versions: published through one node, heard through the other.

import assert from "node:assert/strict";

import { LightPushCodec } from "@waku/core";
import { createDecoder, createEncoder, utf8ToBytes } from "@waku/sdk";
import { proto_lightpush } from "@waku/proto";

import { until } from "../lib/checks.mjs";
import { ask } from "../lib/ask.mjs";
import { freshTopic, pubsubTopic, routingInfo } from "../lib/topics.mjs";

export default async function ({ near, far, alice, bob, checks }) {
  const contentTopic = freshTopic();
  const encoder = createEncoder({ contentTopic, routingInfo });
  const heard = [];
  await bob.filter.subscribe(createDecoder(contentTopic, routingInfo), (message) => heard.push(message.payload));
  const hears = (payload) => until("the other node pushed it", () => heard.some((one) => Buffer.compare(one, payload) === 0));
  const once = { autoRetry: false };

  await checks.check("the nodes find each other before anything is sent", async () => {
    // Right after the start the mesh is empty and a push is refused for a good reason.
    await until("a push succeeds", async () => {
      const { successes } = await alice.lightPush.send(encoder, { payload: utf8ToBytes("first") }, once);
      return successes.length === 1;
    });
  });

  for (const [name, useLegacy] of [["version 3", false], ["version 2", true]]) {
    await checks.check(`${name} publishes a message`, async () => {
      const payload = utf8ToBytes(`light push ${name}`);
      const { successes, failures } = await alice.lightPush.send(encoder, { payload }, { ...once, useLegacy });
      assert.deepEqual(failures, []);
      assert.deepEqual(successes.map(String), [String(near.peerId)]);
      await hears(payload);
    });
  }

  await checks.check("the other way round as well", async () => {
    const payload = utf8ToBytes("from the far node");
    const { successes } = await bob.lightPush.send(encoder, { payload }, once);
    assert.deepEqual(successes.map(String), [String(far.peerId)]);
    await hears(payload);
  });

  await checks.check("a message of 140 KiB passes", async () => {
    const payload = new Uint8Array(140 * 1024).fill(7);
    const { failures } = await alice.lightPush.send(encoder, { payload }, once);
    assert.deepEqual(failures, []);
    await hears(payload);
  });

  await checks.check("a message without a content topic is refused with status 420", async () => {
    const message = { payload: utf8ToBytes("x"), contentTopic: "", timestamp: BigInt(Date.now()) * 1_000_000n };
    const request = { requestId: "no-topic", pubsubTopic, message };
    const bytes = proto_lightpush.LightPushRequestV3.encode(request);
    const response = proto_lightpush.LightPushResponseV3.decode(await ask(alice, near, LightPushCodec, bytes));
    assert.deepEqual([response.requestId, response.statusCode], ["no-topic", 420]);
  });
  await bob.filter.unsubscribe(createDecoder(contentTopic, routingInfo));
}
