// 66/WAKU2-METADATA and identify: what js-waku decides by.

import assert from "node:assert/strict";

import { pause } from "../lib/checks.mjs";
import { CLUSTER, SHARDS } from "../lib/topics.mjs";

const PROTOCOLS = [
  "/vac/waku/relay/2.0.0",
  "/vac/waku/metadata/1.0.0",
  "/vac/waku/store-query/3.0.0",
  "/vac/waku/filter-subscribe/2.0.0-beta1",
  "/vac/waku/lightpush/3.0.0",
  "/vac/waku/lightpush/2.0.0-beta1",
  "/vac/waku/peer-exchange/2.0.0-alpha1",
  "/ipfs/id/1.0.0",
  "/ipfs/ping/1.0.0",
];

export default async function ({ near, alice, checks }) {
  await checks.check("the node says its cluster and its shards", async () => {
    const { shardInfo, error } = await alice.libp2p.services.metadata.query(near.peerId);
    assert.equal(error, null);
    assert.equal(shardInfo.clusterId, CLUSTER);
    assert.deepEqual([...shardInfo.shards].sort((a, b) => a - b), SHARDS);
  });

  await checks.check("identify lists every service", async () => {
    const { protocols } = await alice.libp2p.peerStore.get(near.peerId);
    const missing = PROTOCOLS.filter((protocol) => !protocols.includes(protocol));
    assert.deepEqual(missing, []);
  });

  await checks.check("the node answers pings", async () => {
    assert.ok((await alice.libp2p.services.ping.ping(near.peerId)) >= 0);
  });

  await checks.check("a client without shards of its own stays connected", async () => {
    await pause(3_000);
    const connections = alice.libp2p.getConnections(near.peerId);
    assert.deepEqual(connections.map((connection) => connection.status), ["open"]);
  });
}
