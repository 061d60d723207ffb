import { assertEquals, assertThrows } from "@std/assert";
import {
  addressOfBytes,
  canonicalAddress,
  clientKey,
  Subnets,
} from "../../lib/base/ip.ts";

Deno.test("an address has one text", () => {
  assertEquals(canonicalAddress("192.0.2.1"), "192.0.2.1");
  assertEquals(canonicalAddress("::ffff:192.0.2.1"), "192.0.2.1");
  assertEquals(canonicalAddress("::ffff:c000:201"), "192.0.2.1");
  assertEquals(canonicalAddress("2001:DB8:0:0::1"), "2001:db8::1");
  assertEquals(canonicalAddress("0:0:0:0:0:0:0:1"), "::1");
  assertEquals(addressOfBytes(new Uint8Array([192, 0, 2, 1])), "192.0.2.1");
  assertEquals(addressOfBytes(new Uint8Array(16)), "::");
});

Deno.test("addresses and ranges of both families", () => {
  const subnets = new Subnets([
    ...["192.0.2.0/24", "198.51.100.7", "2001:db8::/32", "::1"],
  ]);
  for (
    const ip of [
      "192.0.2.255",
      "198.51.100.7",
      "2001:db8:1::",
      "::1",
      "::ffff:192.0.2.3",
    ]
  ) {
    assertEquals(subnets.has(ip), true, ip);
  }
  for (const ip of ["192.0.3.0", "198.51.100.8", "2001:db9::", "::2"]) {
    assertEquals(subnets.has(ip), false, ip);
  }
  for (
    const wrong of [
      ...["x", "", "192.0.2.0/33", "::/129", "192.0.2.0/", "192.0.2.0/8/8"],
      ...[
        "192.0.2.0/x",
        "192.0.2.0/-1",
        "/8",
        "::1%lo/x",
        "::1%a.b",
        "192.0.2.0/ 8",
      ],
      // Octal, hexadecimal and short forms, which mean something else elsewhere.
      ...["127.000.000.010", "0177.0.0.1", "010.0.0.0/8", "0x7f.0.0.1"],
      ...["10", "10/8", "127.1", "2130706433", "::ffff:127.0.0.010"],
    ]
  ) {
    assertThrows(() => new Subnets([wrong]), Error, "no address and no range");
  }
});

Deno.test("a client is an IPv4 address or an IPv6 /64", () => {
  assertEquals(clientKey("192.0.2.1"), "192.0.2.1");
  assertEquals(clientKey("2001:db8::1"), clientKey("2001:db8::2:1"));
  assertEquals(
    clientKey("2001:db8::1") === clientKey("2001:db8:0:1::1"),
    false,
  );
});
