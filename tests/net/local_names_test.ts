import { assert, assertEquals } from "@std/assert";
import { LocalNames } from "../../lib/net/local_names.ts";
import { FastClock } from "../support/fast_clock.ts";

Deno.test("LocalNames asks again after a minute, clock set back or not", async () => {
  let asked = 0;
  const names = new LocalNames(() => {
    asked++;
    return Promise.resolve({ type: "found", records: ["host"] });
  });
  using clock = new FastClock();
  const wall = Date.now;
  try {
    await names.of("192.0.2.1");
    Date.now = () => wall() - 7_200_000;
    await names.of("192.0.2.1");
    assertEquals(asked, 1);
    clock.forward(60_000);
    await names.of("192.0.2.1");
    assertEquals(asked, 2);
  } finally {
    Date.now = wall;
  }
});

Deno.test("LocalNames asks once, and does not remember without bound", async () => {
  let asked = 0;
  const names = new LocalNames((name) => {
    asked++;
    return Promise.resolve({ type: "found", records: [`host-${name}`] });
  });
  for (let i = 0; i < 3; i++) {
    assertEquals(
      await names.of("192.0.2.1"),
      "host-1.2.0.192.in-addr.arpa",
    );
  }
  assertEquals(asked, 1);
  for (let i = 0; i < 5000; i++) {
    await names.of(`10.0.${i >> 8}.${i & 255}`);
    assert(names.remembered <= 1024);
  }
  assertEquals(asked, 5001);
});
