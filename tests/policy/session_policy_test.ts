import { assertEquals } from "@std/assert";
import { dnsblZones } from "../../lib/policy/dnsbl_zones.ts";
import { accept, type Policy } from "../../lib/policy/question.ts";
import { sessionPolicy } from "../../lib/policy/session_policy.ts";
import { fakeResolver } from "../support/dns.ts";
import { question } from "../support/question.ts";

Deno.test("sessionPolicy() asks strangers everything, in order, the trusted less", async () => {
  const asked: string[] = [];
  const named = (name: string): Policy => () => {
    asked.push(name);
    return Promise.resolve(accept);
  };
  const resolver = (name: string, type: string) => {
    asked.push(`${type} ${name}`);
    return fakeResolver({})(name, type as "A");
  };
  const emit = () => {};
  const policies = {
    badRcptTo: named("badrcptto"),
    recipients: named("recipients"),
    dnsbl: {
      sites: dnsblZones("bl.example"),
      threshold: 1,
      code: 451 as const,
      resolver,
      emit,
    },
    spf: { me: "mx.example", resolver, emit },
    rcptcheck: named("rcptcheck"),
    program: named("program"),
  };
  const all = [
    "badrcptto",
    "recipients",
    "A 1.2.0.192.bl.example",
    "TXT from.example",
    "rcptcheck",
    "program",
  ];
  const few = ["badrcptto", "rcptcheck", "program"];
  const stranger = sessionPolicy({ trusted: false, ...policies })!;
  await stranger(question());
  assertEquals(asked.splice(0), all);
  await stranger(question({ user: "anne" }));
  assertEquals(asked.splice(0), few);
  await sessionPolicy({ trusted: true, ...policies })!(question());
  assertEquals(asked.splice(0), few);
});

Deno.test("sessionPolicy() of nothing is null", () => {
  assertEquals(sessionPolicy({ trusted: false }), null);
  const recipients: Policy = () => Promise.resolve(accept);
  assertEquals(sessionPolicy({ trusted: true, recipients }), null);
});
