import { assertEquals } from "@std/assert";
import { runs } from "../support/random.ts";
import { ClientLimits } from "../../lib/gate/client_limits.ts";

Deno.test("a client may have so many at once, and another one too", () => {
  const limits = new ClientLimits(2, null);
  assertEquals(limits.enter("192.0.2.1", 0), null);
  assertEquals(limits.enter("192.0.2.1", 0), null);
  assertEquals(limits.enter("192.0.2.1", 0), "at most 2 at once");
  assertEquals(limits.enter("192.0.2.2", 0), null);
  limits.leave("192.0.2.1");
  assertEquals(limits.enter("192.0.2.1", 0), null);
});

Deno.test("a rate allows a burst, then its average", () => {
  const limits = new ClientLimits(null, { connections: 3, seconds: 60 });
  for (let i = 0; i < 3; i++) assertEquals(limits.enter("192.0.2.1", 0), null);
  assertEquals(limits.enter("192.0.2.1", 0), "at most 3 in 60 seconds");
  assertEquals(limits.enter("192.0.2.1", 19_000), "at most 3 in 60 seconds");
  assertEquals(limits.enter("192.0.2.1", 21_000), null);
  assertEquals(limits.enter("192.0.2.1", 21_000), "at most 3 in 60 seconds");
  assertEquals(limits.enter("192.0.2.2", 21_000), null);
});

Deno.test("an IPv6 client is its /64", () => {
  const limits = new ClientLimits(1, null);
  assertEquals(limits.enter("2001:db8::1", 0), null);
  assertEquals(limits.enter("2001:db8::ffff:2", 0), "at most 1 at once");
  assertEquals(limits.enter("2001:db8:0:1::1", 0), null);
});

Deno.test("ten million addresses are not remembered", () => {
  const limits = new ClientLimits(null, { connections: 1, seconds: 3600 });
  const ip = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
  const count = runs(10_000_000, 500_000);
  for (let i = 0; i < count; i++) {
    const excess = limits.enter(ip(i), i);
    if (excess !== null || limits.remembered > 65536) {
      assertEquals([excess, limits.remembered], [null, 65536]);
    }
  }
  assertEquals(limits.enter(ip(count - 1), count) !== null, true);
});
