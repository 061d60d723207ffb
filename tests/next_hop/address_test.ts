import { assertEquals, assertThrows } from "@std/assert";
import { lmtpAddresses, smtpAddresses } from "../../lib/next_hop/address.ts";

const host = (host: string, port: number, byMx = false) => ({
  type: "host" as const,
  ...{ host, port, byMx },
});

Deno.test("smtpAddresses() reads hosts, and knows when MX records count", () => {
  const texts: [string, ReturnType<typeof host>[]][] = [
    ["mail.example", [host("mail.example", 25, true)]],
    ["mail.example.", [host("mail.example", 25, true)]],
    ["mail.example:587", [host("mail.example", 587)]],
    ["192.0.2.1", [host("192.0.2.1", 25)]],
    ["192.0.2.1:2525", [host("192.0.2.1", 2525)]],
    ["[2001:DB8::1]", [host("2001:db8::1", 25)]],
    ["[2001:db8::1]:26", [host("2001:db8::1", 26)]],
    // As Postfix has it: the host itself, not those of its MX records.
    ["[mail.example]", [host("mail.example", 25)]],
    ["[mail.example]:587", [host("mail.example", 587)]],
    ["a:1, b:2", [host("a", 1), host("b", 2)]],
  ];
  for (const [text, expected] of texts) {
    assertEquals(smtpAddresses(text), expected, text);
  }
});

Deno.test("lmtpAddresses() wants a port, or a path", () => {
  assertEquals(lmtpAddresses("unix:/run/lmtp"), [
    { type: "unix", path: "/run/lmtp" },
  ]);
  assertEquals(lmtpAddresses("localhost:24,unix:/a"), [
    host("localhost", 24),
    { type: "unix", path: "/a" },
  ]);
  for (const text of ["localhost", "unix:", "", "a:24,"]) {
    assertThrows(() => lmtpAddresses(text), Error, "wanted");
  }
  assertThrows(() => lmtpAddresses("/run/lmtp"), Error, "unix:/run/lmtp");
});

Deno.test("what is no host or port is refused", () => {
  const wrong = [
    "",
    ",",
    "a,,b",
    "a:0",
    "a:65536",
    "a:b",
    "a b",
    "-a",
    "a..b",
    "1.2.3",
    "2001:db8::1",
    "[a b]:25",
    "[1.2.3]",
    "[]",
    "[::1",
    "user@host",
    "a/b",
  ];
  for (const text of wrong) {
    assertThrows(() => smtpAddresses(text), Error);
  }
});
