// Where the checks take place: the shards of Status' network.

import { utils } from "@waku/sdk";

export const CLUSTER = 16;
export const SHARDS = [32, 64];
export const networkConfig = { clusterId: CLUSTER };
export const pubsubTopic = `/waku/2/rs/${CLUSTER}/${SHARDS[0]}`;
export const routingInfo = utils.StaticShardingRoutingInfo.fromPubsubTopic(pubsubTopic, networkConfig);

let number = 0;

/** A content topic that nobody used before. */
export function freshTopic() {
  number += 1;
  return `/undertone/1/${process.pid}-${number}/proto`;
}
