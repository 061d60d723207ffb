/** Counters of events, and whether Prometheus would take them. */
import { assert, assertEquals } from "@std/assert";
import type { GateEvent, MessageFacts, Party } from "../../lib/base/events.ts";
import { answer } from "../../lib/metrics/answers.ts";
import { Counters } from "../../lib/metrics/counters.ts";
import { addGauges } from "../../lib/metrics/gauges.ts";
import { Durations } from "../../lib/base/durations.ts";
import { needing, output, peer } from "../support/peers.ts";
import { factsFor } from "./facts.ts";

const endpoint = { ip: "192.0.2.1", port: 9, interface: null };
const party = {
  connection: {
    local: endpoint,
    remote: endpoint,
    localHost: null,
    remoteHost: "forged\nname.example",
    remoteInfo: null,
    variables: [],
    encrypted: false,
  },
  session: "s",
  helo: "helo",
  user: null,
  tls: { version: "TLSv1.3", cipher: null, handshakeMs: 1 },
} as unknown as Party & { tls: NonNullable<Party["tls"]> };

const message: MessageFacts = {
  id: "i",
  sender: "a@a.example",
  recipients: ["b@b.example"],
  protocol: "ESMTP",
  sizeBytes: 1000,
  target: "maildir",
  phases: {
    waitMs: 1,
    envelopeMs: 1,
    askMs: 0,
    textMs: 1,
    deliveryMs: 30,
  },
};

const refused = (by: string): GateEvent => ({
  type: "recipient.refused",
  party,
  id: "i",
  sender: "",
  recipient: "x@x.example",
  reply: { code: 550, text: "no" },
  by,
});

const events: GateEvent[] = [
  {
    type: "connection.ok",
    number: 1,
    connection: party.connection,
  },
  { type: "connection.dropped", what: "x", why: "y" },
  {
    type: "message.stored",
    party,
    message,
    queued: "q",
    reply: { code: 250, text: "ok" },
  },
  {
    type: "message.refused",
    party,
    message,
    reply: { code: 451, text: "later" },
    by: "target",
  },
  { type: "message.abandoned", party, message, why: "client" },
  refused('a "list"\\\n'),
  { type: "login.refused", party, user: "ann", milliseconds: 500 },
  { type: "tls.begun", party },
  {
    type: "policy.answered",
    policy: "spf",
    answer: "accept",
    milliseconds: 20,
  },
];

/** What `/metrics` says, of so many workers that each had these events. */
async function text(events: readonly GateEvent[], workers = 1) {
  const metrics: unknown[] = [];
  for (let i = 0; i < workers; i++) {
    const counters = new Counters();
    events.forEach(counters.emit);
    const turns = new Durations();
    for (const ms of [0.1, 3, 3000]) turns.record(ms);
    addGauges(counters.registry, {
      descriptors: () => ({ what: "descriptors", now: 9, most: 99 }),
      slots: () => ({ active: 3, limit: 40 }),
      turns,
      replies: () => [0, 0, 5, 1],
      version: "1",
    });
    metrics.push(await counters.registry.getMetricsAsJSON());
  }
  const reply = await answer(new Request("http://127.0.0.1/metrics"), {
    name: "mx",
    token: null,
    facts: () => Promise.resolve(factsFor({ metrics })),
    explain: () => [],
  });
  return await reply.text();
}

const has = (text: string, line: string) =>
  assert(text.split("\n").includes(line), `${line} in\n${text}`);

Deno.test("each event has its counter, without a stranger's word", async () => {
  const found = await text(events);
  has(found, 'postern_connections_total{verdict="ok"} 1');
  has(found, 'postern_connections_total{verdict="drop"} 1');
  const target = 'target="maildir"';
  has(found, `postern_messages_total{${target},outcome="stored"} 1`);
  has(found, `postern_messages_total{${target},outcome="later"} 1`);
  has(found, `postern_messages_total{${target},outcome="abandoned"} 1`);
  has(found, `postern_message_bytes_total{${target},outcome="stored"} 1000`);
  has(found, 'postern_logins_total{outcome="refused"} 1');
  has(found, 'postern_tls_handshakes_total{version="TLSv1.3",outcome="ok"} 1');
  has(found, `postern_delivery_seconds_bucket{le="0.02",${target}} 0`);
  has(found, `postern_delivery_seconds_bucket{le="0.1",${target}} 3`);
  has(found, 'postern_turn_seconds_bucket{le="0.005"} 2');
  has(found, "postern_turn_seconds_count 3");
  has(found, "postern_sessions 3");
  has(found, 'postern_replies_total{class="2xx"} 5');
  assert(!found.includes('class="0xx"'));
  assert(!/forged|192\.0\.2|a\.example|ann/.test(found));
});

Deno.test("workers are added up", async () => {
  const found = await text(events, 3);
  has(found, 'postern_connections_total{verdict="ok"} 3');
  has(found, "postern_sessions 9");
  has(found, "postern_sessions_limit 120");
  has(found, 'postern_turn_seconds_bucket{le="+Inf"} 9');
  assertEquals(found.match(/^postern_build_info.* (\d+)$/m)?.[1], "1");
});

Deno.test("a label has a bound of values", async () => {
  const many = Array.from({ length: 300 }, (_, i) => refused(`list${i}`));
  const found = await text(many);
  assertEquals(found.match(/^postern_recipients_refused_total/gm)?.length, 101);
  has(
    found,
    'postern_recipients_refused_total{by="other",outcome="never"} 200',
  );
});

Deno.test(
  needing({ peers: ["promtool"] }, "promtool finds nothing to complain of"),
  async () => {
    for (const workers of [1, 3]) {
      const { code, stdout, stderr } = await output(
        peer("promtool")!,
        ["check", "metrics"],
        { stdin: await text(events, workers) },
      );
      assertEquals([code, stdout, stderr], [0, "", ""]);
    }
  },
);
