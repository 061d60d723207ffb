import { assertEquals, assertRejects } from "@std/assert";
import type { Lookup, RecordType } from "../../lib/net/resolver.ts";
import { smtpAddresses } from "../../lib/next_hop/address.ts";
import { Endpoints, isThisMachine } from "../../lib/next_hop/endpoints.ts";

const none: Lookup = { type: "none", exists: true };
const failed: Lookup = { type: "failed", reason: "no answer" };

/** Where a text leads with these records; the names that were asked about. */
async function lead(text: string, records: Record<string, Lookup>) {
  const asked: string[] = [];
  const resolver = (name: string, type: RecordType) => {
    asked.push(`${name} ${type}`);
    return Promise.resolve(records[`${name} ${type}`] ?? none);
  };
  const endpoints = new Endpoints(smtpAddresses(text), resolver);
  const found = (await endpoints.current()).map((each) =>
    each.type === "tcp" ? `${each.name} ${each.at.ip} ${each.at.port}` : ""
  );
  await endpoints.current();
  return { found, asked };
}

const is = (...records: string[]): Lookup => ({ type: "found", records });

Deno.test("MX hosts are tried by preference, each at all of its addresses", async () => {
  const { found } = await lead("d.example", {
    "d.example MX": is("20 second.example", "10 first.example"),
    "first.example A": is("192.0.2.1", "192.0.2.2"),
    "first.example AAAA": is("2001:db8::1"),
    "second.example A": is("192.0.2.3"),
  });
  assertEquals(found, [
    "first.example 192.0.2.1 25",
    "first.example 192.0.2.2 25",
    "first.example 2001:db8::1 25",
    "second.example 192.0.2.3 25",
  ]);
});

Deno.test("without MX, or with a port, it is the host itself", async () => {
  const records = { "d.example A": is("192.0.2.1") };
  const without = await lead("d.example", records);
  assertEquals(without.found, ["d.example 192.0.2.1 25"]);
  const { found, asked } = await lead("d.example:26", {
    ...records,
    "d.example MX": is("10 other.example"),
  });
  assertEquals(found, ["d.example 192.0.2.1 26"]);
  // Asked once, however often somebody wants to know.
  assertEquals(asked, ["d.example A", "d.example AAAA"]);
});

Deno.test("a host that cannot be found leaves the others", async () => {
  const { found } = await lead("gone.example:25,d.example:25", {
    "gone.example A": failed,
    "d.example A": is("192.0.2.1"),
  });
  assertEquals(found, ["d.example 192.0.2.1 25"]);
});

Deno.test("why there is none is told", async () => {
  await assertRejects(
    () => lead("d.example", { "d.example MX": failed }),
    Error,
    "no answer (asked for the MX of d.example)",
  );
  await assertRejects(
    () => lead("d.example:25", {}),
    Error,
    "d.example has no address",
  );
  // RFC 7505: it takes no mail.
  await assertRejects(
    () => lead("d.example", { "d.example MX": is("0 .") }),
    Error,
    "d.example",
  );
});

Deno.test("what is this machine's own is known", () => {
  const at = (ip: string) => ({
    type: "tcp" as const,
    at: { ip, port: 1 },
    name: ip,
  });
  assertEquals(
    [at("127.0.0.2"), at("::1"), at("192.0.2.1")].map(isThisMachine),
    [true, true, false],
  );
});
