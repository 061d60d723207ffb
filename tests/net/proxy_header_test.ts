import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseProxyHeader } from "../../lib/net/proxy_header.ts";

const bytes = (text: string) =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));
const signature = "\r\n\r\n\0\r\nQUIT\n";

const v1 = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 25\r\n";
const v1Parsed = {
  type: "proxied",
  length: v1.length,
  remote: { ip: "192.0.2.7", port: 56324 },
  local: { ip: "198.51.100.1", port: 25 },
};
const v2 = signature +
  "\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\xdc\x04\0\x19";

Deno.test("both versions tell who is there", () => {
  assertEquals<unknown>(parseProxyHeader(bytes(v1 + "EHLO x\r\n")), v1Parsed);
  assertEquals<unknown>(parseProxyHeader(bytes(v2 + "EHLO x\r\n")), {
    ...v1Parsed,
    length: v2.length,
  });
  assertEquals<unknown>(
    parseProxyHeader(bytes("PROXY TCP6 2001:DB8::7 ::1 1 25\r\n")),
    {
      type: "proxied",
      length: 33,
      remote: { ip: "2001:db8::7", port: 1 },
      local: { ip: "::1", port: 25 },
    },
  );
  const v6 = signature + "\x21\x21\0\x24" + "\0".repeat(10) +
    "\xff\xff\xc0\0\x02\x07" + "\0".repeat(15) + "\x01\0\x01\0\x19";
  assertEquals<unknown>(parseProxyHeader(bytes(v6)), {
    type: "proxied",
    length: 52,
    remote: { ip: "192.0.2.7", port: 1 }, // v4-mapped
    local: { ip: "::1", port: 25 },
  });
});

Deno.test("a proxy may speak for itself, and say more than addresses", () => {
  assertEquals<unknown>(parseProxyHeader(bytes("PROXY UNKNOWN\r\nx")), {
    type: "local",
    length: 15,
  });
  assertEquals<unknown>(parseProxyHeader(bytes(signature + "\x20\0\0\0")), {
    type: "local",
    length: 16,
  });
  const withTlv = signature + "\x21\x11\0\x10" + v2.slice(16) + "\x03\0\x01x";
  assertEquals(
    (parseProxyHeader(bytes(withTlv)) as { length: number }).length,
    withTlv.length,
  );
});

Deno.test("extensions may hold a chain of certificates", () => {
  const tlv = "\x20\x20\0" + "c".repeat(8192);
  const size = 12 + tlv.length;
  const lengths = String.fromCharCode(size >> 8, size & 0xff);
  const whole = `${signature}\x21\x11${lengths}${v2.slice(16, 28)}${tlv}`;
  const header = parseProxyHeader(bytes(whole));
  assertEquals(header.type, "proxied");
  assertEquals("length" in header && header.length, whole.length);
});

Deno.test("whatever is cut waits for more", () => {
  for (const whole of [v1, v2]) {
    for (let n = 0; n < whole.length; n++) {
      assertEquals(
        parseProxyHeader(bytes(whole.slice(0, n))).type,
        "incomplete",
        `${n} bytes`,
      );
    }
  }
});

Deno.test("whatever is wrong is invalid", () => {
  for (
    const wrong of [
      "EHLO x\r\n",
      "PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n",
      "PROXY TCP4 192.0.2.7 198.51.100.1 56324 25 \r\n",
      "PROXY TCP4 2001:db8::7 198.51.100.1 56324 25\r\n",
      "PROXY TCP4 192.0.2.7 198.51.100.1 65536 25\r\n",
      "PROXY TCP4 192.0.2.7 198.51.100.1 +1 25\r\n",
      "PROXY TCP6 fe80::1%eth0 ::1 1 25\r\n",
      "PROXY UDP4 192.0.2.7 198.51.100.1 1 25\r\n",
      "PROXY TCP4 " + "1".repeat(100),
      signature + "\x11\x11\0\x0c",
      signature + "\x22\x11\0\x0c",
      signature + "\x21\x11\xff\xff",
      signature + "\x21\x11\0\x04abcd",
    ]
  ) {
    assertEquals(
      parseProxyHeader(bytes(wrong)).type,
      "invalid",
      JSON.stringify(wrong),
    );
  }
});

Deno.test("no bytes make it throw", () => {
  const start = fc.constantFrom("", "PROXY ", "PROXY TCP4 ", signature, v2);
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 200 }), (head, tail) => {
      const all = new Uint8Array([...bytes(head), ...tail]);
      const result = parseProxyHeader(all);
      if ("length" in result) assertEquals(result.length <= all.length, true);
    }),
  );
});
