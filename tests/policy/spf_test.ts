import { into } from "../support/troubles.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { spfAnswer, spfPolicy } from "../../lib/policy/spf.ts";
import { fakeResolver, type Zone } from "../support/dns.ts";
import { question } from "../support/question.ts";

/** RFC 7208 appendix A's zone, as far as its examples need it. */
const zone: Zone = {
  "A example.com": ["192.0.2.10", "192.0.2.11"],
  "MX example.com": ["10 mail-a.example.com", "20 mail-b.example.com"],
  "A mail-a.example.com": ["192.0.2.129"],
  "A mail-b.example.com": ["192.0.2.130"],
  "A amy.example.com": ["192.0.2.65"],
  "MX example.org": ["10 mail-c.example.org"],
  "A mail-c.example.org": ["192.0.2.140"],
};

async function resultOf(
  record: string[] | "failed" | undefined,
  clientIp: string,
  more: Zone = {},
) {
  const all = { ...zone, ...more };
  if (record) all["TXT example.com"] = record;
  const log: string[] = [];
  const policy = spfPolicy({
    me: "mx.here.example",
    resolver: fakeResolver(all),
    emit: into(log),
  });
  const answer = await policy(
    question({ clientIp, sender: "strong-bad@example.com" }),
  );
  assertEquals(log, []);
  return answer.type === "accept" ? "accept" : answer.code;
}

Deno.test("spfPolicy() by RFC 7208 A.1's examples", async () => {
  const cases: [record: string, ip: string, expected: number | "accept"][] = [
    ["v=spf1 +all", "203.0.113.1", "accept"],
    ["v=spf1 a -all", "192.0.2.10", "accept"],
    ["v=spf1 a -all", "192.0.2.12", 550],
    ["v=spf1 a:example.org -all", "192.0.2.10", 550],
    ["v=spf1 mx -all", "192.0.2.129", "accept"],
    ["v=spf1 mx -all", "192.0.2.10", 550],
    ["v=spf1 mx:example.org -all", "192.0.2.140", "accept"],
    ["v=spf1 mx mx:example.org -all", "192.0.2.130", "accept"],
    ["v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.131", "accept"],
    ["v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.132", 550],
    ["v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.129", "accept"],
    ["v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.65", 550],
    ["v=spf1 ip6:2001:db8::/32 -all", "2001:db8::1", "accept"],
    ["v=spf1 ip6:2001:db8::/32 -all", "2001:db9::1", 550],
    ["v=spf1 ~all", "203.0.113.1", "accept"],
    ["v=spf1 ?all", "203.0.113.1", "accept"],
    ["v=spf1 nonsense:x -all", "203.0.113.1", "accept"], // permerror
    ["v=spf1 include:nowhere.example -all", "203.0.113.1", "accept"],
    ["not spf", "203.0.113.1", "accept"],
  ];
  for (const [record, ip, expected] of cases) {
    assertEquals(await resultOf([record], ip), expected, `${record} ${ip}`);
  }
  assertEquals(await resultOf(undefined, "203.0.113.1"), "accept");
});

Deno.test("spfPolicy() defers when a lookup fails for now, 451 4.4.3", async () => {
  assertEquals(await resultOf("failed", "203.0.113.1"), 451);
  assertEquals(
    await resultOf(["v=spf1 include:x.example -all"], "203.0.113.1", {
      "TXT x.example": "failed",
    }),
    451,
  );
  assertEquals(
    await resultOf(["v=spf1 a:x.example -all"], "203.0.113.1", {
      "A x.example": "failed",
    }),
    451,
  );
});

Deno.test("spfPolicy() does not follow a record for ever", async () => {
  const asked = fakeResolver({
    "TXT example.com": ["v=spf1 include:example.com -all"],
  });
  const policy = spfPolicy({
    me: "mx.here.example",
    resolver: asked,
    emit() {},
  });
  const answer = await policy(question({ sender: "x@example.com" }));
  assertEquals(answer.type, "accept"); // permerror
  assert(asked.asked.length < 20);
});

Deno.test("spfPolicy() does not read an endless record", async () => {
  const long = ` ${"x".repeat(5000)}`;
  // A permerror is accepted, what the record says is not.
  for (const space of [" ", "  ", "\t"]) {
    const record = `v=spf1${space}-all${long}`;
    assertEquals(await resultOf([record], "192.0.2.1"), "accept");
  }
  assertEquals(await resultOf(["v=spf1 -all"], "192.0.2.1"), 550);
  assertEquals(await resultOf(["v=spf1 -all", long], "192.0.2.1"), 550);
});

Deno.test("spfPolicy() checks HELO for the null sender, and each message once", async () => {
  const resolver = fakeResolver({
    "TXT helo.example": ["v=spf1 -all"],
    "TXT from.example": ["v=spf1 +all"],
  });
  const log: string[] = [];
  const policy = spfPolicy({
    me: "mx.here.example",
    resolver,
    emit: into(log),
  });
  const bounce = question({ sender: "" });
  const answer = await policy(bounce);
  assert(answer.type === "never");
  assertEquals([answer.code, answer.enhanced], [550, "5.7.23"]);
  assertEquals(
    answer.text,
    "192.0.2.1 may not send mail for helo.example (SPF)",
  );
  assertEquals(await policy({ ...bounce, recipient: "other@x" }), answer);
  assertEquals(resolver.asked, ["TXT helo.example"]);
  assertEquals((await policy(question({ instance: "2" }))).type, "accept");

  const cases = [
    question({ sender: "", helo: null, instance: "3" }),
    question({ sender: "", helo: "[192.0.2.1]", instance: "4" }),
    question({ clientIp: "unknown", instance: "5" }),
    question({ sender: "no domain", instance: "6" }),
    question({ sender: "\xff\xfe@\xff\n.example", instance: "7" }),
  ];
  for (const each of cases) {
    assertEquals((await policy(each)).type, "accept", JSON.stringify(each));
  }
  assertEquals(log, []);
});

Deno.test("spfPolicy() defers when the resolver breaks its word", async () => {
  const log: string[] = [];
  const policy = spfPolicy({
    me: "mx.here.example",
    resolver: () => Promise.reject(new Error("boom\n")),
    emit: into(log),
  });
  const answer = await policy(question());
  assertEquals(answer.type === "later" && answer.code, 451);
});

Deno.test("spfAnswer() by result", () => {
  for (const result of ["none", "neutral", "pass", "softfail", "permerror"]) {
    assertEquals(spfAnswer(result, "192.0.2.1", "x").type, "accept", result);
  }
  const fail = spfAnswer("fail", "192.0.2.1", "a\r\nb\xe9");
  assertMatch(fail.type === "never" ? fail.text : "", /^[ -~]+$/);
});
