// Bytes that mean nothing, on every protocol: the node ends the stream or says why, and goes on serving the honest.

import assert from "node:assert/strict";

import { createDecoder, createEncoder, bytesToUtf8, utf8ToBytes } from "@waku/sdk";

import { pause, until, within } from "../lib/checks.mjs";
import { freshTopic, routingInfo } from "../lib/topics.mjs";

const RELAY = "/vac/waku/relay/2.0.0";
const PROTOCOLS = [
  "/vac/waku/store-query/3.0.0",
  "/vac/waku/filter-subscribe/2.0.0-beta1",
  "/vac/waku/lightpush/3.0.0",
  "/vac/waku/lightpush/2.0.0-beta1",
  "/vac/waku/peer-exchange/2.0.0-alpha1",
  "/vac/waku/metadata/1.0.0",
  RELAY,
];
const FRAMES = {
  "nothing": [],
  "an empty frame": [0],
  "a length without end": Array(11).fill(0xff),
  "a length of a terabyte": [0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 1, 2, 3],
  "half a frame": [100, 1, 2, 3],
  "a frame of no message": [4, 0xff, 0xff, 0xff, 0xff],
  "a field that is longer than the frame": [3, 0x0a, 0x7f, 1],
  "groups in groups": [120, ...Array(120).fill(0x0b)],
};

export default async function ({ near, alice, checks, lightClient }) {
  const mallory = await lightClient(near);

  for (const protocol of PROTOCOLS) {
    await checks.check(protocol, async () => {
      for (const [name, bytes] of Object.entries(FRAMES)) {
        const stream = await within(15_000, open(mallory, near, protocol)).catch((error) =>
          assert.fail(`before ${name}: ${error.message}`),
        );
        if (!stream) return assert.equal(protocol, RELAY, "only gossip is taken away from who cannot speak it");
        const said = Promise.allSettled([stream.sink(bytes.length ? [Uint8Array.from(bytes)] : []), drained(stream)]);
        // The node may wait for the rest of a frame for as long as it likes; we do not.
        await Promise.race([said, pause(300)]);
        stream.abort(new Error("done"));
      }
    });
  }

  await checks.check("the honest are served as before", async () => {
    const contentTopic = freshTopic();
    const [encoder, decoder] = [createEncoder({ contentTopic, routingInfo }), createDecoder(contentTopic, routingInfo)];
    const heard = [];
    assert.equal(await alice.filter.subscribe(decoder, (message) => heard.push(bytesToUtf8(message.payload))), true);
    const { failures } = await alice.lightPush.send(encoder, { payload: utf8ToBytes("still here") });
    assert.deepEqual(failures, []);
    await until("it was pushed", () => heard.length === 1);
    await alice.filter.unsubscribe(decoder);
  });
}

/** A stream, or none if the node no longer offers the protocol on this connection. */
async function open(client, node, protocol) {
  if (!client.libp2p.getConnections(node.peerId).length) await client.dial(node.address);
  try {
    return await client.libp2p.dialProtocol(node.peerId, protocol);
  } catch (error) {
    if (error.message.includes("protocol selection failed")) return undefined;
    throw error;
  }
}

/** Reads until the node ends the stream, be it by a reset. */
async function drained(stream) {
  try {
    for await (const _ of stream.source);
  } catch {
    // A reset is an end too.
  }
}
