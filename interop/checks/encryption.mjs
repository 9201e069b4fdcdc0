// 26/WAKU2-PAYLOAD: js-waku's encryption and ours, through the network and side by side.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { ecies, generatePrivateKey, generateSymmetricKey, getPublicKey, symmetric } from "@waku/message-encryption";

import { until } from "../lib/checks.mjs";
import { PayloadTool } from "../lib/payload.mjs";
import { freshTopic, routingInfo } from "../lib/topics.mjs";

const SIZES = [1, 2, 100, 187, 188, 189, 250, 255, 256, 5_000, 70_000];

export default async function ({ near, alice, bob, checks }) {
  const [symKey, privateKey, sigPrivKey] = [generateSymmetricKey(), generatePrivateKey(), generatePrivateKey()];
  const publicKey = getPublicKey(privateKey);
  const kinds = [
    {
      name: "symmetric",
      encoder: (contentTopic, signer) => symmetric.createEncoder({ contentTopic, routingInfo, symKey, sigPrivKey: signer }),
      decoder: (contentTopic) => symmetric.createDecoder(contentTopic, routingInfo, symKey),
      encrypt: async (data, signer) => symmetric.encryptSymmetric(await symmetric.preCipher(data, signer), symKey),
      decrypt: async (bytes) => symmetric.postCipher(await symmetric.decryptSymmetric(bytes, symKey)),
      sealWith: symKey,
      openWith: symKey,
      wrong: generateSymmetricKey(),
    },
    {
      name: "asymmetric",
      encoder: (contentTopic, signer) => ecies.createEncoder({ contentTopic, routingInfo, publicKey, sigPrivKey: signer }),
      decoder: (contentTopic) => ecies.createDecoder(contentTopic, routingInfo, privateKey),
      encrypt: async (data, signer) => ecies.encryptAsymmetric(await ecies.preCipher(data, signer), publicKey),
      decrypt: async (bytes) => ecies.postCipher(await ecies.decryptAsymmetric(bytes, privateKey)),
      sealWith: publicKey,
      openWith: privateKey,
      wrong: generatePrivateKey(),
    },
  ];
  for (const kind of kinds) {
    await checks.check(`${kind.name} messages pass through the network, signed and unsigned`, async () => {
      for (const signer of [undefined, sigPrivKey]) await throughTheNetwork(alice, bob, kind, signer);
    });
  }

  const tool = PayloadTool.beside(near.binary);
  if (!tool) {
    checks.skip("js-waku and undertone open each other's payloads", "build the example payload_v1 of undertone-crypto");
    return;
  }
  try {
    for (const kind of kinds) await sideBySide(checks, tool, kind, sigPrivKey);
  } finally {
    tool.stop();
  }
}

async function throughTheNetwork(alice, bob, kind, signer) {
  const contentTopic = freshTopic();
  const heard = [];
  await alice.filter.subscribe(kind.decoder(contentTopic), (message) => heard.push(message));
  const payload = randomBytes(300);
  const { successes } = await bob.lightPush.send(kind.encoder(contentTopic, signer), { payload });
  assert.equal(successes.length, 1);
  await until("it was pushed and opened", () => heard.length === 1);
  assert.deepEqual(Buffer.from(heard[0].payload), payload);
  assert.equal(hex(heard[0].signaturePublicKey), signer ? hex(getPublicKey(signer)) : "");
  await alice.filter.unsubscribe(kind.decoder(contentTopic));
}

async function sideBySide(checks, tool, kind, sigPrivKey) {
  const signers = [undefined, sigPrivKey];
  await checks.check(`undertone opens ${kind.name} payloads of js-waku`, async () => {
    for (const size of SIZES) {
      for (const signer of signers) {
        const data = randomBytes(size);
        const sealed = await kind.encrypt(data, signer);
        const opened = await tool.open(kind.name, kind.openWith, sealed);
        assert.deepEqual(opened, { data: hex(data), author: signer ? hex(getPublicKey(signer)) : "" }, `${size} bytes`);
      }
    }
  });

  await checks.check(`js-waku opens ${kind.name} payloads of undertone`, async () => {
    for (const size of SIZES) {
      for (const signer of signers) {
        const data = randomBytes(size);
        const opened = await kind.decrypt(await tool.seal(kind.name, kind.sealWith, data, signer));
        assert.equal(hex(opened.payload), hex(data), `${size} bytes`);
        assert.equal(hex(opened.sig?.publicKey), signer ? hex(getPublicKey(signer)) : "");
      }
    }
  });

  await checks.check(`both refuse ${kind.name} payloads with a wrong key or a changed byte`, async () => {
    const sealed = Buffer.from(await kind.encrypt(randomBytes(50)));
    await assert.rejects(tool.open(kind.name, kind.wrong, sealed));
    const ours = await tool.seal(kind.name, kind.sealWith, randomBytes(50));
    for (const bytes of [sealed, ours]) {
      const changed = Buffer.from(bytes);
      changed[changed.length - 40] ^= 1;
      await assert.rejects(tool.open(kind.name, kind.openWith, changed));
      await assert.rejects(kind.decrypt(changed));
    }
  });
}

const hex = (bytes) => Buffer.from(bytes ?? []).toString("hex");
