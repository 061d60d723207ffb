/**
 * What HOST and PORT mean, and listening there.
 *
 * @module
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Fatal } from "../../lib/base/fatal.ts";
import type { GateOptions } from "../../lib/gate/options.ts";
import { addressFor, listenAt } from "../../lib/process/places.ts";
import { closeDescriptor, openNull } from "../../lib/sys/descriptors.ts";
import { gateTest, options } from "../gate/desk.ts";

const at = (of: Partial<GateOptions>) =>
  addressFor({ ...options, port: "25", ...of });

Deno.test("HOST is an address, or every address there is", async () => {
  for (
    const [host, family, ip] of [
      ["0", "any", "0.0.0.0"],
      ["", "any", "0.0.0.0"],
      ["0", "ipv4", "0.0.0.0"],
      ["0", "ipv6", "::"],
      ["127.0.0.1", "any", "127.0.0.1"],
      ["0:0::1", "any", "::1"],
      ["[::1]", "any", "::1"],
    ] as const
  ) {
    assertEquals(await at({ host, family }), { ip, port: 25 }, host);
  }
});

Deno.test("a link-local HOST is on the interface that is named", async () => {
  const scope = { host: "fe80::1", interface: "lo" };
  assertEquals((await at(scope)).ip, "fe80::1%lo");
  assertEquals((await at({ ...scope, interface: null })).ip, "fe80::1");
  assertEquals((await at({ ...scope, host: "::1" })).ip, "::1");
});

Deno.test("PORT is a number or a name", async () => {
  for (
    const [port, number] of [["0", 0], ["2525", 2525], ["smtp", 25]] as const
  ) {
    assertEquals((await at({ port })).port, number);
  }
  for (const port of ["65536", "-1", "no-such-service", ""]) {
    const error = await assertRejects(() => at({ port }), Fatal);
    const why = `unable to figure out port number for ${port}`;
    assertEquals(error.message, `fatal: ${why}`);
    assertEquals((error as Fatal).exitCode, 111);
  }
});

Deno.test(
  gateTest(
    "a place that is taken is told so, and can be shared by those who want to",
  ),
  () => {
    const shared = true, descriptor = null;
    const address = { ip: "127.0.0.1", port: 0 };
    const first = listenAt({ address, shared, descriptor }, 5);
    const same = { address: first.address, descriptor };
    const second = listenAt({ ...same, shared }, 5);
    const error = assertThrows(
      () => listenAt({ ...same, shared: false }, 5),
      Fatal,
    );
    const why = "unable to bind: address already used";
    assertEquals(error.message, `fatal: ${why}`);
    assertEquals(second.address, first.address);
    first.close();
    second.close();
  },
);

Deno.test(
  gateTest("a descriptor that is no listening socket is told so"),
  () => {
    const descriptor = openNull();
    const place = { address: { ip: "127.0.0.1", port: 0 }, shared: false };
    const error = assertThrows(
      () => listenAt({ ...place, descriptor }, 5),
      Fatal,
    );
    const why = `unable to use LISTEN_FDS: descriptor ${descriptor} is no ` +
      "listening socket";
    assertEquals(error.message, `fatal: ${why}`);
    closeDescriptor(descriptor);
  },
);
