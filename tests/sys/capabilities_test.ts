/**
 * Capabilities are given up for good, so each test has a process of its own.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { needing, output } from "../support/peers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bindingAndOwners = ["+net_bind_service", "+dac_override"].join();

/** The five sets of a thread after some calls, in the order of proc(5). */
async function setsAfter(calls: string, before: string[]): Promise<bigint[]> {
  const program = `
    import * as of from "./lib/sys/capabilities.ts";
    ${calls}
    const status = Deno.readTextFileSync("/proc/thread-self/status");
    console.log([...status.matchAll(/^Cap.*\\t(.*)$/gm)].map((m) => m[1]).join());
    Deno.exit();`;
  const [command, ...args] = [...before, Deno.execPath()];
  const { stdout, stderr } = await output(command, [
    ...[...args, "run", "-A", "--no-check", "--ext=ts", "-"],
  ], { stdin: program, cwd: root });
  assertEquals(stderr, "");
  return stdout.trim().split(",").map((hex) => BigInt(`0x${hex}`));
}

const netBind = 1n << 10n, owners = 1n << 1n;
const ambient = [
  ...["setpriv", "--reuid", "0", "--inh-caps", bindingAndOwners],
  ...["--ambient-caps", bindingAndOwners],
];
const needs = { root: true, peers: ["setpriv"] };

Deno.test(needing(needs, "clearAmbient() leaves the other sets"), async () => {
  const [inheritable, permitted, , , left] = await setsAfter(
    "of.clearAmbient();",
    ambient,
  );
  assertEquals([inheritable, left], [netBind | owners, 0n]);
  assertEquals(permitted & netBind, netBind);
});

Deno.test(
  needing(needs, "keepOnly() keeps what is had of what is named"),
  async () => {
    const kept = netBind | 1n << 63n;
    assertEquals(
      (await setsAfter(`of.keepOnly(${kept}n);`, ambient))
        .toSpliced(3, 1),
      [0n, netBind, netBind, 0n],
    );
  },
);

Deno.test(
  needing(needs, "dropAll() and dropBounding() leave nothing"),
  async () => {
    const calls = "if (!of.dropBounding()) throw 1; of.dropAll();" +
      "const { effective, permitted, inheritable } = of.ownCapabilities();" +
      "if (effective | permitted | inheritable) throw 2;";
    assertEquals(await setsAfter(calls, ambient), [0n, 0n, 0n, 0n, 0n]);
  },
);

Deno.test(
  needing(needs, "dropBounding() tells when it may not"),
  async () => {
    const [, , , bounding] = await setsAfter(
      "of.dropAll(); if (of.dropBounding()) throw 1;",
      ambient,
    );
    assertEquals(bounding & netBind, netBind);
  },
);
