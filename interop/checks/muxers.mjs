// Both ways to carry several streams over one connection: what deployed js-waku offers alone is Mplex; Yamux comes next.

import assert from "node:assert/strict";

import { yamux } from "@chainsafe/libp2p-yamux";
import { mplex } from "@libp2p/mplex";
import { createDecoder, createEncoder, bytesToUtf8, utf8ToBytes } from "@waku/sdk";

import { until } from "../lib/checks.mjs";
import { freshTopic, routingInfo } from "../lib/topics.mjs";

const MUXERS = [
  { name: "mplex", muxer: mplex, protocol: "/mplex/6.7.0" },
  { name: "yamux", muxer: yamux, protocol: "/yamux/1.0.0" },
];
// More than the streams that either side may have open at once.
const MESSAGES = 150;
const LARGE = 300 * 1024;

export default async function ({ near, checks, lightClient }) {
  for (const { name, muxer, protocol } of MUXERS) {
    const client = await checks.check(`${name} is agreed on`, async () => {
      const client = await lightClient(near, { streamMuxers: [muxer()] });
      assert.deepEqual(client.libp2p.getConnections(near.peerId).map((one) => one.multiplexer), [protocol]);
      return client;
    });
    if (!client) continue;
    const contentTopic = freshTopic();
    const [encoder, decoder] = [createEncoder({ contentTopic, routingInfo }), createDecoder(contentTopic, routingInfo)];
    const heard = [];
    const send = async (text) => {
      const { failures } = await client.lightPush.send(encoder, { payload: utf8ToBytes(text) });
      assert.deepEqual(failures, []);
    };

    await checks.check(`${name}: ${MESSAGES} messages there and back, several at a time`, async () => {
      await client.filter.subscribe(decoder, (message) => heard.push(bytesToUtf8(message.payload)));
      const texts = Array.from({ length: MESSAGES }, (_, number) => `${name} ${number}`);
      for (let at = 0; at < MESSAGES; at += 10) await Promise.all(texts.slice(at, at + 10).map(send));
      await until("all came back", () => heard.length >= MESSAGES);
      assert.deepEqual([...heard].sort(), [...texts].sort());
    });

    await checks.check(`${name}: ${LARGE / 1024} KiB in one message`, async () => {
      heard.length = 0;
      const text = "y".repeat(LARGE);
      await send(text);
      await until("it came back", () => heard.length > 0);
      assert.ok(heard[0] === text);
    });

    await checks.check(`${name}: history in pages`, async () => {
      let found = 0;
      for await (const page of client.store.queryGenerator([decoder], { peerId: near.peerId, paginationLimit: 20 })) {
        found += page.length;
      }
      assert.equal(found, MESSAGES + 1);
    });
  }
}
