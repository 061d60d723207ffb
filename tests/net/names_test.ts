import { assertEquals } from "@std/assert";
import { reverseName } from "../../lib/net/names.ts";
import { servicePort } from "../../lib/net/services.ts";

Deno.test("reverse names of both families", () => {
  assertEquals(reverseName("192.0.2.10"), "10.2.0.192.in-addr.arpa");
  // RFC 3596 section 2.5's example.
  assertEquals(
    reverseName("4321:0:1:2:3:4:567:89ab"),
    "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
  );
  assertEquals(reverseName("::1"), "1" + ".0".repeat(31) + ".ip6.arpa");
});

Deno.test("a port is a number that exists, or a service", () => {
  assertEquals(servicePort("25"), 25);
  assertEquals(servicePort("smtp"), 25);
  assertEquals(servicePort("0"), 0);
  for (const wrong of ["65536", "-1", "", "25x", "nosuch", "toString"]) {
    assertEquals(servicePort(wrong), null, wrong);
  }
});
