// Starts and stops undertone service nodes on loopback.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";

import { CLUSTER, SHARDS } from "./topics.mjs";
import { until } from "./checks.mjs";

export class Network {
  #binary;
  #verbose;
  #folder = mkdtempSync(join(tmpdir(), "undertone-interop-"));
  #processes = [];

  constructor(binary, verbose) {
    this.#binary = resolve(binary);
    this.#verbose = verbose;
  }

  /** One node more, with these options after the usual ones; `others` are called by it. */
  async one(options = [], others = []) {
    return this.#startNode(this.#processes.length, others, options);
  }

  /** So many nodes, each connected to the ones before it. */
  async start(count) {
    if (!existsSync(this.#binary)) throw new Error(`there is no program at ${this.#binary}`);
    const nodes = [];
    for (let number = 0; number < count; number += 1) nodes.push(await this.#startNode(number, nodes));
    return nodes;
  }

  async #startNode(number, others, options = []) {
    const key = randomBytes(32);
    const peerId = peerIdFromPrivateKey(privateKeyFromRaw(key));
    const [tcp, webSocket] = [await freePort(), await freePort()];
    const folder = join(this.#folder, `node-${number}`);
    const args = [
      "node",
      "--json",
      `--data-dir=${folder}`,
      `--nodekey=${key.toString("hex")}`,
      "--listen-address=127.0.0.1",
      `--tcp-port=${tcp}`,
      "--websocket-support=true",
      `--websocket-port=${webSocket}`,
      `--cluster-id=${CLUSTER}`,
      ...SHARDS.map((shard) => `--shard=${shard}`),
      ...["relay", "store", "filter", "lightpush"].map((service) => `--${service}=true`),
      ...others.map((other) => `--staticnode=${other.tcpAddress}`),
      ...options,
    ];
    const child = spawn(this.#binary, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#processes.push(child);
    const output = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output.push(chunk);
        if (output.length > 200) output.shift();
        if (this.#verbose) process.stderr.write(chunk);
      });
    }
    await until(`node ${number} listens`, async () => {
      if (child.exitCode !== null) throw new Error(`the node ended with code ${child.exitCode}: ${Buffer.concat(output)}`);
      return isOpen(webSocket);
    });
    await until(`node ${number} says that it serves`, () => Buffer.concat(output).includes('"enr":"'));
    return {
      peerId,
      record: /"enr":"([^"]+)"/.exec(Buffer.concat(output).toString())[1],
      tcpAddress: `/ip4/127.0.0.1/tcp/${tcp}/p2p/${peerId}`,
      address: `/ip4/127.0.0.1/tcp/${webSocket}/ws/p2p/${peerId}`,
      binary: this.#binary,
    };
  }

  stop() {
    for (const child of this.#processes) child.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function isOpen(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true) || socket.destroy());
    socket.on("error", () => resolve(false));
  });
}
