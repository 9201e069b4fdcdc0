// One request, one answer, as js-waku does it: read to the end of the stream.

import all from "it-all";
import * as lp from "it-length-prefixed";
import { pipe } from "it-pipe";
import { Uint8ArrayList } from "uint8arraylist";

import { within } from "./checks.mjs";

/** The bytes that the node answers. */
export async function ask(client, node, protocol, request) {
  const stream = await client.libp2p.dialProtocol(node.peerId, protocol);
  const chunks = await within(10_000, pipe([request], lp.encode, stream, lp.decode, (source) => all(source)));
  const bytes = new Uint8ArrayList();
  chunks.forEach((chunk) => bytes.append(chunk));
  return bytes;
}
