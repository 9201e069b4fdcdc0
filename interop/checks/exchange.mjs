// 34/WAKU2-PEER-EXCHANGE: js-waku asks a node for others, and reads their records.

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";

import { PeerExchangeCodec, wakuPeerExchangeDiscovery } from "@waku/discovery";
import { EnrDecoder } from "@waku/enr";
import { proto_peer_exchange } from "@waku/proto";

import { until } from "../lib/checks.mjs";
import { ask } from "../lib/ask.mjs";
import { CLUSTER, SHARDS } from "../lib/topics.mjs";

export default async function ({ checks, network, lightClient }) {
  const walking = async (...more) => ["--discv5-discovery", `--discv5-udp-port=${await freeUdpPort()}`, "--nat=extip:127.0.0.1", ...more];
  const first = await network.one(await walking());
  const second = await network.one(await walking(`--discv5-bootstrap-node=${first.record}`));
  const client = await lightClient(second);
  const exchange = async (numPeers) => {
    const bytes = proto_peer_exchange.PeerExchangeRPC.encode({ query: { numPeers: BigInt(numPeers) } });
    const { response } = proto_peer_exchange.PeerExchangeRPC.decode(await ask(client, second, PeerExchangeCodec, bytes));
    return response;
  };

  await checks.check("the record of a node that the asked one met by discv5", async () => {
    let records = [];
    await until("it is given", async () => {
      records = (await exchange(5)).peerInfos;
      return records.length > 0;
    });
    const record = await EnrDecoder.fromRLP(records[0].enr);
    assert.equal(String(record.peerId), String(first.peerId));
    assert.deepEqual(record.shardInfo, { clusterId: CLUSTER, shards: SHARDS });
    assert.ok(record.waku2.relay && record.waku2.store && record.waku2.filter && record.waku2.lightPush);
  });

  await checks.check("none asked for, none given", async () => {
    assert.equal((await exchange(0)).peerInfos.length, 0);
  });

  await checks.check("js-waku's own discovery learns of it", async () => {
    // It asks when it connects, and by then there is something to tell.
    const learner = await lightClient(second, { peerDiscovery: [wakuPeerExchangeDiscovery([])] });
    await until("the peer is known to it", () => learner.libp2p.peerStore.has(first.peerId));
  });
}

function freeUdpPort() {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4").on("error", reject);
    socket.bind(0, "127.0.0.1", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}
