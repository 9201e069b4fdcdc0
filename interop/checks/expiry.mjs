// 12/WAKU2-FILTER: a subscriber that is not heard of is forgotten; one that pings is not.

import assert from "node:assert/strict";

import { FilterCodecs } from "@waku/core";
import { proto_filter_v2 } from "@waku/proto";

import { pause } from "../lib/checks.mjs";
import { ask } from "../lib/ask.mjs";
import { freshTopic, pubsubTopic } from "../lib/topics.mjs";

const TIMEOUT_S = 3;
const { SUBSCRIBE, SUBSCRIBER_PING, UNSUBSCRIBE, UNSUBSCRIBE_ALL } =
  proto_filter_v2.FilterSubscribeRequest.FilterSubscribeType;

export default async function ({ checks, network, lightClient }) {
  const node = await network.one([`--filter-subscription-timeout=${TIMEOUT_S}`, "--filter-max-criteria=3"]);
  const [silent, lively] = [await lightClient(node), await lightClient(node)];
  const say = async (client, filterSubscribeType, contentTopics = []) => {
    const request = { requestId: "filter", filterSubscribeType, pubsubTopic, contentTopics };
    const bytes = proto_filter_v2.FilterSubscribeRequest.encode(request);
    const answer = await ask(client, node, FilterCodecs.SUBSCRIBE, bytes);
    return proto_filter_v2.FilterSubscribeResponse.decode(answer).statusCode;
  };

  await checks.check("a ping before there is a subscription is answered 404", async () => {
    assert.equal(await say(silent, SUBSCRIBER_PING), 404);
    assert.equal(await say(silent, UNSUBSCRIBE, [freshTopic()]), 404);
  });

  await checks.check("who pings stays, who is silent for longer than the node waits is forgotten", async () => {
    for (const client of [silent, lively]) assert.equal(await say(client, SUBSCRIBE, [freshTopic()]), 200);
    // Twice the time, and the node looks once in that time.
    for (let second = 0; second < 3 * TIMEOUT_S; second += 1) {
      await pause(1_000);
      assert.equal(await say(lively, SUBSCRIBER_PING), 200);
    }
    assert.equal(await say(silent, SUBSCRIBER_PING), 404);
    assert.equal(await say(lively, SUBSCRIBER_PING), 200);
  });

  await checks.check("more topics than one client may have are refused, and what was there stays", async () => {
    const topics = Array.from({ length: 4 }, freshTopic);
    assert.notEqual(await say(lively, SUBSCRIBE, topics), 200);
    assert.equal(await say(lively, SUBSCRIBER_PING), 200);
  });

  await checks.check("no topics: 400; all unsubscribed: 404 afterwards", async () => {
    assert.equal(await say(lively, SUBSCRIBE, []), 400);
    assert.equal(await say(lively, UNSUBSCRIBE_ALL), 200);
    assert.equal(await say(lively, SUBSCRIBER_PING), 404);
  });
}
