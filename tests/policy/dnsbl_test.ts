import { into } from "../support/troubles.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  dnsblName,
  type DnsblOptions,
  dnsblPolicy,
} from "../../lib/policy/dnsbl.ts";
import { dnsblZones } from "../../lib/policy/dnsbl_zones.ts";
import { fakeResolver, type Zone } from "../support/dns.ts";
import { question } from "../support/question.ts";

function policyOf(
  zone: Zone,
  { zones = "bl.example", ...options }: Partial<DnsblOptions> & {
    zones?: string;
  } = {},
) {
  const resolver = fakeResolver(zone);
  const log: string[] = [];
  const policy = dnsblPolicy({
    sites: dnsblZones(zones),
    threshold: 1,
    code: 451,
    resolver,
    emit: into(log),
    ...options,
  });
  return { policy, resolver, log };
}

const listed = "1.2.0.192.bl.example";

Deno.test("dnsblName() reverses an address (RFC 5782 2.1 and 2.4)", () => {
  const cases: Record<string, string | null> = {
    "192.0.2.99": "99.2.0.192.bad.example.com",
    "2001:db8:1:2:3:4:567:89ab":
      "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2." +
      "bad.example.com",
    "::1": "1." + "0.".repeat(31) + "bad.example.com",
    "::ffff:192.0.2.99": "99.2.0.192.bad.example.com",
    "fe80::1%eth0": null,
    "unknown": null,
    "": null,
  };
  for (const [ip, name] of Object.entries(cases)) {
    assertEquals(dnsblName(ip, "bad.example.com"), name, ip);
  }
});

Deno.test("dnsblPolicy() defers a listed client, with the list's reason", async () => {
  const { policy, resolver, log } = policyOf({
    [`A ${listed}`]: ["127.0.0.2"],
    [`TXT ${listed}`]: ["spam\r\n550 \xe9 see http://x/" + "y".repeat(500)],
  });
  const answer = await policy(question());
  assert(answer.type === "later");
  assertEquals([answer.code, answer.enhanced], [451, "4.7.1"]);
  assertMatch(
    answer.text,
    /^192\.0\.2\.1 is listed by bl\.example: spam 550 \? see http:\/\/x\/y+$/,
  );
  assert(answer.text.length < 300);
  // Another recipient, another message: the client is the same.
  assertEquals(await policy(question({ instance: "2" })), answer);
  assertEquals(resolver.asked, [`A ${listed}`, `TXT ${listed}`]);
  assertEquals(log, []);
});

Deno.test("dnsblPolicy() refuses where it is told to", async () => {
  const { policy } = policyOf({ [`A ${listed}`]: ["127.0.0.2"] }, {
    code: 550,
  });
  assertEquals<unknown>(await policy(question()), {
    type: "never",
    code: 550,
    enhanced: "5.7.1",
    text: "192.0.2.1 is listed by bl.example",
  });
});

Deno.test("dnsblPolicy() takes no other answer for a listing", async () => {
  for (
    const address of [
      "127.0.0.1",
      "127.255.255.254",
      "127.255.255.252",
      "203.0.113.7",
      "128.0.0.2",
    ]
  ) {
    const { policy, log } = policyOf({ [`A ${listed}`]: [address] });
    assertEquals((await policy(question())).type, "accept", address);
    assertEquals(log, [`bl.example answers ${address}: no listing`]);
  }
  const { policy } = policyOf({
    [`A ${listed}`]: ["127.255.255.254", "127.0.0.10"],
  });
  assertEquals((await policy(question())).type, "later");
});

Deno.test("dnsblPolicy() fails open, with a log line", async () => {
  const { policy, log } = policyOf({ [`A ${listed}`]: "failed" });
  assertEquals((await policy(question())).type, "accept");
  assertEquals(log, ["unable to look 192.0.2.1 up in bl.example: SERVFAIL"]);
  const reasonless = policyOf({
    [`A ${listed}`]: ["127.0.0.2"],
    [`TXT ${listed}`]: "failed",
  });
  assertEquals((await reasonless.policy(question())).type, "later");
});

Deno.test("dnsblPolicy() asks all zones, and believes the first that lists", async () => {
  const { policy, resolver } = policyOf({
    "A 1.2.0.192.b.example": ["127.0.0.3"],
    "A 1.2.0.192.c.example": ["127.0.0.4"],
  }, { zones: "a.example,b.example,c.example" });
  const answer = await policy(question());
  assertMatch(answer.type === "later" ? answer.text : "", /by b\.example$/);
  assertEquals(resolver.asked.filter((each) => each.startsWith("A")).length, 3);
  const stranger = await policyOf({}).policy(question({ clientIp: "unknown" }));
  assertEquals(stranger.type, "accept");
});

Deno.test("dnsblPolicy() adds up what the lists are worth", async () => {
  const zones = "a.example=127.0.0.[2;4..6]:2,a.example=127.0.0.10," +
    "b.example:2,white.example=127.0.[0..9].[1..3]:-3";
  const table: [answers: Zone, threshold: number, by: string | null][] = [
    [{ a: ["127.0.0.3"] }, 1, null],
    [{ a: ["127.0.0.2"] }, 2, "a"],
    [{ a: ["127.0.0.2"] }, 3, null],
    [{ a: ["127.0.0.5", "127.0.0.10"] }, 3, "a"],
    [{ a: ["127.0.0.10"], b: ["127.0.0.9"] }, 3, "b"],
    [{ a: ["127.0.0.2"], white: ["127.0.5.2"] }, 1, null],
    [{ a: ["127.0.0.2"], white: ["127.0.5.4"] }, 1, "a"],
    [{ a: ["127.0.0.2"], b: ["127.0.0.2"], white: ["127.0.0.1"] }, 4, "a"],
    [{ white: ["127.0.5.2"] }, 1, null],
  ];
  for (const [answers, threshold, by] of table) {
    const zone = Object.fromEntries(
      Object.entries(answers).map((
        [name, records],
      ) => [`A 1.2.0.192.${name}.example`, records]),
    );
    const { policy } = policyOf(zone, { zones, threshold });
    const answer = await policy(question());
    const text = answer.type === "accept" ? null : answer.text;
    const expected = by && `192.0.2.1 is listed by ${by}.example`;
    assertEquals(text, expected, JSON.stringify(answers));
  }
});
