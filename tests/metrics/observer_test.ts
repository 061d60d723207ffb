/** What a gate knows of its clients: who comes, stays and goes. */
import { assertEquals } from "@std/assert";
import { Durations } from "../../lib/base/durations.ts";
import type { Connection } from "../../lib/base/connection.ts";
import type { Activity } from "../../lib/base/protocol.ts";
import { Observer } from "../../lib/metrics/observer.ts";

const connection = {
  local: { ip: "192.0.2.9", port: 25 },
  remote: { ip: "192.0.2.1", port: 9 },
  remoteHost: "mx.example",
} as unknown as Connection;

function observed(activities = new Map<number, Activity>()) {
  const asked: ReadonlySet<number>[] = [];
  const observer = new Observer({
    slots: () => ({ active: 1, limit: 40 }),
    activities: (wanted) => {
      asked.push(wanted);
      return activities;
    },
    turns: new Durations(),
    replies: () => [],
    rules: ["/nowhere/at/all"],
    version: "1",
  });
  return { observer, asked };
}

const doingOf = async (observer: Observer) =>
  (await observer.facts(false)).sessions.map(({ host, helo, doing }) => [
    ...[host, helo, doing],
  ]);

Deno.test("a client is there from its first moment to its last", async () => {
  const activities = new Map<number, Activity>();
  const { observer } = observed(activities);
  const { emit } = observer;
  assertEquals(await doingOf(observer), []);
  emit({ type: "connection.begun", number: 1, ip: "192.0.2.1" });
  assertEquals(await doingOf(observer), [[null, null, "waits to be let in"]]);
  emit({ type: "connection.ok", number: 1, connection });
  assertEquals(await doingOf(observer), [[
    "mx.example",
    null,
    "has a program",
  ]]);
  activities.set(1, { helo: "me", doing: "sends text" });
  assertEquals(await doingOf(observer), [["mx.example", "me", "sends text"]]);
  emit({ type: "connection.ended", number: 1, waitStatus: 0 });
  assertEquals(await doingOf(observer), []);
});

Deno.test("one that is denied, or broken off, does not stay", async () => {
  const { observer } = observed();
  const { emit } = observer;
  for (const number of [1, 2]) {
    emit({ type: "connection.begun", number, ip: "192.0.2.1" });
  }
  emit({ type: "connection.deny", number: 1, connection, rule: "192." });
  emit({ type: "connection.ended", number: 1, waitStatus: 25600 });
  emit({ type: "connection.broken", number: 2, error: new Error() });
  const { sessions, refusals } = await observer.facts(false);
  assertEquals(sessions, []);
  assertEquals(refusals.map(({ why }) => why), ["rule 192."]);
});

Deno.test("of thousands two hundred are asked what they do", async () => {
  const { observer, asked } = observed();
  for (let number = 1; number <= 5000; number++) {
    observer.emit({ type: "connection.ok", number, connection });
  }
  const { sessions } = await observer.facts(false);
  assertEquals(sessions.length, 200);
  assertEquals([asked.length, asked[0].size], [1, 200]);
});

Deno.test("certificates and rules are told, and numbers if they are wanted", async () => {
  const { observer } = observed();
  const taken = { type: "certificate.taken", path: "/cert" } as const;
  observer.emit({ ...taken, until: "2027-01-01T00:00:00.000Z" });
  const facts = await observer.facts(true);
  assertEquals(facts.certificates, [
    { path: "/cert", expires: Date.UTC(2027, 0, 1) },
  ]);
  assertEquals(facts.rules, [{ path: "/nowhere/at/all", written: null }]);
  assertEquals(facts.metrics.length, 1);
  observer.emit({ ...taken, until: null });
  const later = await observer.facts(false);
  assertEquals([later.certificates, later.metrics], [[], []]);
});
