// What light push says when it does not publish: each status of version 3, and the words of version 2.

import assert from "node:assert/strict";

import { LightPushCodec, LightPushCodecV2 } from "@waku/core";
import { utf8ToBytes } from "@waku/sdk";
import { proto_lightpush } from "@waku/proto";

import { ask } from "../lib/ask.mjs";
import { freshTopic, pubsubTopic } from "../lib/topics.mjs";

export default async function ({ near, alice, checks, network, lightClient }) {
  const message = (payload) => ({ payload, contentTopic: freshTopic(), timestamp: BigInt(Date.now()) * 1_000_000n });
  const push = async (client, node, request) => {
    const bytes = proto_lightpush.LightPushRequestV3.encode({ requestId: "one", pubsubTopic, ...request });
    return proto_lightpush.LightPushResponseV3.decode(await ask(client, node, LightPushCodec, bytes));
  };
  const pushOld = async (client, node, request) => {
    const bytes = proto_lightpush.PushRpc.encode({ requestId: "old", request: { pubsubTopic, ...request } });
    return proto_lightpush.PushRpc.decode(await ask(client, node, LightPushCodecV2, bytes));
  };

  await checks.check("a shard that the node does not relay: 421", async () => {
    const response = await push(alice, near, { pubsubTopic: "/waku/2/rs/16/999", message: message(utf8ToBytes("x")) });
    assert.deepEqual([response.requestId, response.statusCode], ["one", 421]);
    assert.ok(response.statusDesc);
  });

  await checks.check("a message above the limit: 420 with the limit in words", async () => {
    const response = await push(alice, near, { message: message(new Uint8Array(1_100_000)) });
    assert.equal(response.statusCode, 420);
    assert.match(response.statusDesc, /maximum of 1048576 bytes/);
  });

  await checks.check("no message at all: 400", async () => {
    assert.equal((await push(alice, near, {})).statusCode, 400);
  });

  await checks.check("version 2 says the same without a number", async () => {
    const { requestId, response } = await pushOld(alice, near, {
      pubsubTopic: "/waku/2/rs/16/999",
      message: message(utf8ToBytes("x")),
    });
    assert.deepEqual([requestId, response.isSuccess], ["old", false]);
    assert.ok(response.info);
  });

  await checks.check("a node without peers: 505 and version 2's words", async () => {
    const alone = await network.one(["--rate-limit=lightpush:2/1h"]);
    const carol = await lightClient(alone);
    const lonely = await push(carol, alone, { message: message(utf8ToBytes("x")) });
    assert.equal(lonely.statusCode, 505);
    const { response } = await pushOld(carol, alone, { message: message(utf8ToBytes("x")) });
    assert.equal(response.isSuccess, false);
    // The third is more than the node gives.
    const refused = await push(carol, alone, { message: message(utf8ToBytes("x")) });
    assert.equal(refused.statusCode, 429);
  });
}
