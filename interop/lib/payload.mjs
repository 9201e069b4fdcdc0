// Talks to the example `payload_v1` of undertone-crypto: one line asks, one line answers.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

import { within } from "./checks.mjs";

export class PayloadTool {
  #child;
  #answers;

  /** The tool that was built beside this binary, if it was. */
  static beside(binary) {
    const folder = dirname(binary);
    const path = [join(folder, "examples", "payload_v1"), join(folder, "payload_v1")].find(existsSync);
    return path && new PayloadTool(path);
  }

  constructor(path) {
    this.#child = spawn(path, { stdio: ["pipe", "pipe", "inherit"] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Kind is symmetric or asymmetric. Answers data and author in hexadecimal; author is empty if nobody signed. */
  async open(kind, key, payload) {
    const [data = "", author = ""] = (await this.#ask(["open", kind, hex(key), hex(payload)])).split(" ");
    return { data, author };
  }

  async seal(kind, key, data, author) {
    const line = ["seal", kind, hex(key), hex(data)];
    if (author) line.push(hex(author));
    return Buffer.from(await this.#ask(line), "hex");
  }

  stop() {
    this.#child.stdin.end();
    this.#child.kill();
  }

  async #ask(words) {
    this.#child.stdin.write(`${words.join(" ")}\n`);
    const { value } = await within(10_000, this.#answers.next());
    const [, outcome, rest] = /^(ok|error) ?(.*)$/.exec(value ?? "error the tool ended");
    if (outcome === "error") throw new Error(rest);
    return rest;
  }
}

const hex = (bytes) => Buffer.from(bytes).toString("hex");
