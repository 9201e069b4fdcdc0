// Runs the published js-waku clients against undertone nodes on loopback.
//
//   npm ci && node run.mjs --node <path to the undertone binary> [--only <word>] [--verbose]
//
// The path may also come from UNDERTONE_BINARY. Prints one line per check, then `N passed, M failed`; the exit code is 1
// if any failed. Ends by itself: every check has a limit, and so has the whole run.

import "./lib/promise.mjs";
import { parseArgs } from "node:util";

import { Checks } from "./lib/checks.mjs";
import { Network } from "./lib/network.mjs";

const { lightClient, relayClient } = await import("./lib/clients.mjs");

const RUN_LIMIT_MS = 300_000;
const GROUPS = [
  "metadata",
  "muxers",
  "lightpush",
  "refusals",
  "filter",
  "expiry",
  "store",
  "hashes",
  "relay",
  "bursts",
  "exchange",
  "malformed",
  "encryption",
];

const { values: options } = parseArgs({
  options: {
    node: { type: "string", default: process.env.UNDERTONE_BINARY },
    only: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
if (!options.node) {
  console.error("Say where the binary is: node run.mjs --node ../target/debug/undertone");
  process.exit(2);
}

const checks = new Checks();
const network = new Network(options.node, options.verbose);
const clients = [];
const runLimit = setTimeout(() => end(`the whole run took longer than ${RUN_LIMIT_MS / 1000} s`), RUN_LIMIT_MS);
process.on("SIGINT", () => end("interrupted"));
process.on("exit", () => network.stop());
process.on("unhandledRejection", (error) => {
  // js-waku leaves promises of closed streams behind; the checks themselves are all awaited.
  if (options.verbose) console.error("unhandled:", error);
});

try {
  // Two service nodes that relay for each other: light push needs a relay peer behind the node.
  const [near, far] = await network.start(2);
  const [alice, bob] = [await lightClient(near), await lightClient(far)];
  clients.push(alice, bob);
  const world = {
    near,
    far,
    alice,
    bob,
    checks,
    network,
    relayClient: () => relayClient(near),
    /** Ends with the run. */
    async lightClient(node, options) {
      const client = await lightClient(node, options);
      clients.push(client);
      return client;
    },
  };
  for (const group of GROUPS.filter((name) => !options.only || name.includes(options.only))) {
    const { default: run } = await import(`./checks/${group}.mjs`);
    await checks.group(group, () => run(world));
  }
} catch (error) {
  checks.fail("the network or its clients", error);
}
await end();

/** Stops everything, prints the sum and leaves. */
async function end(reason) {
  clearTimeout(runLimit);
  if (reason) checks.fail("the run", new Error(reason));
  const stopped = Promise.allSettled(clients.map((client) => client.stop()));
  await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, 3_000))]);
  const code = checks.report();
  process.exit(code);
}
