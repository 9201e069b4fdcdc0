// 11/WAKU2-RELAY with js-waku as a member of the mesh.

import assert from "node:assert/strict";

import { createDecoder, createEncoder, bytesToUtf8, utf8ToBytes } from "@waku/sdk";

import { pause, until } from "../lib/checks.mjs";
import { freshTopic, routingInfo } from "../lib/topics.mjs";

const MESSAGES = 20;

export default async function ({ far, bob, checks, relayClient }) {
  const contentTopic = freshTopic();
  const encoder = createEncoder({ contentTopic, routingInfo });
  const decoder = createDecoder(contentTopic, routingInfo);
  const member = await checks.check("js-waku joins the mesh", relayClient);
  if (!member) return;
  const heardByMember = [];
  const heardByBob = [];
  member.relay.subscribeWithUnsubscribe(decoder, (message) => heardByMember.push(bytesToUtf8(message.payload)));
  await bob.filter.subscribe(decoder, (message) => heardByBob.push(bytesToUtf8(message.payload)));

  await checks.check("what js-waku relays crosses both nodes", async () => {
    const texts = Array.from({ length: MESSAGES }, (_, number) => `from the mesh ${number}`);
    for (const text of texts) {
      const { successes } = await member.relay.send(encoder, { payload: utf8ToBytes(text) });
      assert.ok(successes.length > 0, "nobody took it");
    }
    await until("the far node pushed all", () => heardByBob.length >= MESSAGES);
    assert.deepEqual([...heardByBob].sort(), [...texts].sort());
  });

  await checks.check("what others publish reaches js-waku, once", async () => {
    heardByMember.length = 0;
    const texts = Array.from({ length: MESSAGES }, (_, number) => `to the mesh ${number}`);
    for (const text of texts) await bob.lightPush.send(encoder, { payload: utf8ToBytes(text) });
    await until("js-waku heard all", () => heardByMember.length >= MESSAGES);
    await pause(500);
    assert.deepEqual([...heardByMember].sort(), [...texts].sort());
  });

  await checks.check("a message of 140 KiB passes both ways", async () => {
    heardByMember.length = heardByBob.length = 0;
    const large = "x".repeat(140 * 1024);
    await member.relay.send(encoder, { payload: utf8ToBytes(`${large}1`) });
    await until("the far node pushed it", () => heardByBob.includes(`${large}1`));
    await bob.lightPush.send(encoder, { payload: utf8ToBytes(`${large}2`) });
    await until("js-waku heard it", () => heardByMember.includes(`${large}2`));
  });

  await checks.check("what was relayed is in the far node's history", async () => {
    await until("all are stored", async () => (await count(bob, far, decoder)) === 2 * MESSAGES + 2);
  });
  await bob.filter.unsubscribe(decoder);
  await member.stop();
}

async function count(client, node, decoder) {
  let messages = 0;
  for await (const page of client.store.queryGenerator([decoder], { peerId: node.peerId, paginationLimit: 100 })) {
    messages += page.length;
  }
  return messages;
}
