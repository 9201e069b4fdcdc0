// js-waku's two kinds of client, connected to one node and to nothing else.

import { multiaddr } from "@multiformats/multiaddr";
import { Protocols, createLightNode, defaultLibp2p } from "@waku/sdk";
import { wakuGossipSub, wakuRelay } from "@waku/relay";

import { CLUSTER, networkConfig, pubsubTopic } from "./topics.mjs";
import { until, within } from "./checks.mjs";

// The address filter of the packages lets only wss through; nothing but loopback is ever dialled here.
const libp2p = { filterMultiaddrs: false, hideWebSocketInfo: true };
const discovery = { dns: false, peerExchange: false, peerCache: false };

/** Filter, light push and store, as an app in a browser has them; with options of libp2p, if they are to differ. */
export async function lightClient(node, options = {}) {
  const client = await createLightNode({ networkConfig, libp2p: { ...libp2p, ...options }, discovery, numPeersToUse: 1 });
  await client.start();
  await within(10_000, client.dial(node.address));
  await within(15_000, client.waitForPeers([Protocols.Filter, Protocols.LightPush, Protocols.Store]));
  return client;
}

/** A member of the mesh. */
export async function relayClient(node) {
  const host = await defaultLibp2p(CLUSTER, {
    ...libp2p,
    services: { pubsub: wakuGossipSub({}) },
  });
  const relay = wakuRelay([pubsubTopic])(host);
  await host.start();
  await within(10_000, host.dial(multiaddr(node.address)));
  await until("the node is in the mesh", () => relay.gossipSub.getMeshPeers(pubsubTopic).length > 0);
  return { relay, libp2p: host, stop: () => host.stop() };
}
