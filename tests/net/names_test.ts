/**
 * Names for addresses and addresses for names, from a name server of ours that
 * behaves and misbehaves.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { concat, toBytes } from "../../lib/base/bytes.ts";
import {
  addressOf,
  hostOf,
  leadsTo,
  reverseName,
} from "../../lib/net/names.ts";
import { dnsResolver } from "../../lib/net/resolver.ts";
import { servicePort } from "../../lib/net/services.ts";
import {
  type Answer,
  failures,
  ptr,
  records,
  withDns,
} from "../support/dns_server.ts";
import { needing } from "../support/peers.ts";
import { loopback } from "../support/random.ts";

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

const name = "9.2.0.192.in-addr.arpa";
const many = Array.from({ length: 300 }, (_, i) => `host-${i}.example.org`);
const labels = (...all: string[]) =>
  concat([
    ...all.flatMap((each) => [new Uint8Array([each.length]), toBytes(each)]),
    new Uint8Array(1),
  ]);
const raw = (data: Uint8Array): Answer => records({ type: "PTR", data });
const garbage = (bytes: Uint8Array, withId = true): Answer => ({
  type: "garbage",
  bytes,
  withId,
});

/** Answers, and the name that comes of them; null for none. */
const answers: [string, Answer, string | null][] = [
  ["a name", ptr("mx.example"), "mx.example"],
  ["capitals", ptr("MX.Example"), "mx.example"],
  ["several", ptr("a.example", "b.example"), "a.example"],
  ["odd but visible", ptr("a%b/c.example"), "a\\045b\\057c.example"],
  ["a blank", ptr("a b.example"), null],
  ["a newline", ptr("a\nb.example"), null],
  ["a NUL", ptr("a\0b.example"), null],
  ["8 bits", ptr("a\xe9b.example"), null],
  ["the root", raw(new Uint8Array(1)), null],
  [
    "255 bytes",
    raw(labels(...Array(3).fill("a".repeat(63)), "b".repeat(61))),
    `${"a".repeat(63)}.`.repeat(3) + "b".repeat(61),
  ],
  [
    "256 bytes",
    raw(labels(...Array(3).fill("a".repeat(63)), "b".repeat(62))),
    null,
  ],
  [
    "255 bytes that grow when they are written",
    raw(labels(...Array(3).fill("%".repeat(63)))),
    null,
  ],
  ["a pointer to itself", raw(new Uint8Array([0xc0, 52])), null],
  ["a pointer out of the packet", raw(new Uint8Array([0xff, 0xff])), null],
  ["a name that is cut off", raw(new Uint8Array([9, 65])), null],
  [
    "an alias (RFC 2317)",
    records(
      { type: "CNAME", data: `9.0/25.${name.slice(2)}` },
      { name: `9.0/25.${name.slice(2)}`, type: "PTR", data: "via.example" },
    ),
    "via.example",
  ],
  ["an alias of nothing", records({ type: "CNAME", data: "x.example" }), null],
  ["no record", records(), null],
  ["NXDOMAIN", { type: "failure", rcode: failures.NXDOMAIN }, null],
  ["SERVFAIL", { type: "failure", rcode: failures.SERVFAIL }, null],
  ["REFUSED", { type: "failure", rcode: failures.REFUSED }, null],
  [
    "10 kB over TCP",
    {
      type: "truncated",
      records: many.map((data) => ({ type: "PTR", data })),
    },
    many[0],
  ],
  ["garbage", garbage(new Uint8Array(40).fill(0xff), false), null],
  ["garbage with our id", garbage(new Uint8Array(40).fill(0xff)), null],
  ["one byte", garbage(new Uint8Array(1), false), null],
  ["an id alone", garbage(new Uint8Array()), null],
  ["silence", { type: "silence" }, null],
  [
    "an answer to the second packet",
    { type: "later", silent: 1, then: ptr("late.example") },
    "late.example",
  ],
];

Deno.test(
  needing({ root: true }, "what answers a reverse name may have"),
  async () => {
    await Promise.all(answers.map(async ([what, answer, expected]) => {
      await withDns(loopback(), { [`${name} PTR`]: answer }, async (server) => {
        const resolver = dnsResolver(2, () => [{ ip: server.ip, port: 53 }]);
        assertEquals(await hostOf("192.0.2.9", resolver), expected, what);
        assert(server.asked.length > 0, what);
      });
    }));
  },
);

/** With the resolver that the environment names. */
async function asking(ip: string, fn: () => Promise<void>): Promise<void> {
  Deno.env.set("DNSCACHEIP", ip);
  try {
    await fn();
  } finally {
    Deno.env.delete("DNSCACHEIP");
  }
}

Deno.test(
  needing({ root: true }, "names of both families, there and back"),
  () =>
    withDns(
      loopback(),
      {
        [`${name} PTR`]: ptr("mx.example"),
        [`8.${name.slice(2)} PTR`]: ptr("liar.example"),
        [
          "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2" +
          ".ip6.arpa PTR"
        ]: ptr("mx.example"),
        "mx.example A": records(
          { type: "A", data: "192.0.2.7" },
          { type: "A", data: "192.0.2.9" },
        ),
        "mx.example AAAA": records({
          type: "AAAA",
          data: new Uint8Array([0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 1]),
        }),
        "liar.example A": records({ type: "A", data: "192.0.2.9" }),
      },
      ({ ip }) =>
        asking(ip, async () => {
          const resolver = dnsResolver(5);
          assertEquals(await hostOf("192.0.2.9", resolver), "mx.example");
          assertEquals(await hostOf("2001:db8::1", resolver), "mx.example");
          assertEquals(await hostOf("192.0.2.1", resolver), null);
          assertEquals(
            await leadsTo("mx.example", "192.0.2.9", resolver),
            true,
          );
          assertEquals(
            await leadsTo("mx.example", "2001:db8::1", resolver),
            true,
          );
          assertEquals(
            await leadsTo("liar.example", "192.0.2.8", resolver),
            false,
          );
          assertEquals(await addressOf("mx.example", "any"), "192.0.2.7");
          assertEquals(await addressOf("mx.example", "ipv4"), "192.0.2.7");
          assertEquals(await addressOf("mx.example", "ipv6"), "2001:db8::1");
          assertEquals(await addressOf("liar.example", "ipv6"), "192.0.2.9");
          assertEquals(await addressOf("nobody.example", "any"), null);
          assertEquals(await addressOf("127.1", "any"), null);
          assertEquals(await addressOf("[192.0.2.3]", "any"), "192.0.2.3");
          assertEquals(await addressOf("::1", "ipv4"), null);
          assertEquals(await addressOf("a..b", "any"), null);
        }),
    ),
);
