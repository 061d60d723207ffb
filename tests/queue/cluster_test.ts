/**
 * What a broker says of a queue, and what of it would lose mail.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  markerFindings,
  nodeFindings,
  queueFindings,
} from "../../lib/queue/cluster.ts";
import { Topology } from "../../lib/queue/topology.ts";

const topology = new Topology();
const plan = topology.queues.find(({ name }) => name === topology.ready)!;
const dead = topology.queues.find(({ name }) => name === topology.dead)!;
const context = { vhost: "/", members: 3, setup: "postern queue setup URL" };

const good = {
  type: "quorum",
  durable: true,
  auto_delete: false,
  exclusive: false,
  arguments: plan.arguments,
  policy: null,
  operator_policy: null,
  effective_policy_definition: {},
  members: ["a", "b", "c"],
  online: ["a", "b", "c"],
};

const withArgument = (name: string, value: unknown) => ({
  ...good,
  arguments: { ...good.arguments, [name]: value },
});

const withPolicy = (definition: unknown) => ({
  ...good,
  policy: "bad one",
  effective_policy_definition: definition,
});

const states = (queue: unknown, about = plan) =>
  queueFindings(about, queue, context).map(({ state }) => state);

Deno.test("a queue as it was declared is well", () => {
  assertEquals(states(good), ["ok"]);
  assertEquals(states({ ...good, arguments: dead.arguments }, dead), ["ok"]);
  assertEquals(states({ ...good, online: ["a", "c"] }), ["ok"]);
  // As some versions tell of none.
  assertEquals(states({ ...good, effective_policy_definition: [] }), ["ok"]);
  assertEquals(states(withArgument("x-delivery-limit", 20)), ["ok"]);
  const bound = { "max-length": 5, overflow: "reject-publish" };
  assertEquals(states(withPolicy(bound)), ["ok"]);
  assertEquals(states(withPolicy({ "queue-leader-locator": "x" })), ["ok"]);
});

const bad: readonly (readonly [string, unknown, RegExp])[] = [
  ["that is missing", null, /no queue postern in the vhost \/$/],
  ["of type classic", { ...good, type: "classic" }, /quorum is wanted/],
  ["of type stream", { ...good, type: "stream" }, /quorum is wanted/],
  ["that is not durable", { ...good, durable: false }, /not durable/],
  ["that goes", { ...good, auto_delete: true }, /last consumer/],
  ["of one connection", { ...good, exclusive: true }, /its connection/],
  ["with TTL", withArgument("x-message-ttl", 60000), /away after 60000 ms/],
  ["that expires", withArgument("x-expires", 1000), /not used for 1000 ms/],
  [
    "with drop-head",
    withArgument("x-overflow", "drop-head"),
    /x-overflow drop-head: "reject-publish" is wanted/,
  ],
  [
    "with a limit of -1",
    withArgument("x-delivery-limit", -1),
    /no positive delivery limit/,
  ],
  [
    "without a limit",
    withArgument("x-delivery-limit", undefined),
    /no positive delivery limit/,
  ],
  [
    "with dead letters at most once",
    withArgument("x-dead-letter-strategy", "at-most-once"),
    /x-dead-letter-strategy at-most-once/,
  ],
  [
    "with dead letters to another exchange",
    withArgument("x-dead-letter-exchange", "logs"),
    /x-dead-letter-exchange logs/,
  ],
  ["by policy bounded", withPolicy({ "max-length": 500 }), /bound .max-length/],
  [
    "by policy bounded in bytes",
    withPolicy({ "max-length-bytes": 5, overflow: "drop-head" }),
    /max-length-bytes/,
  ],
  ["by policy with TTL", withPolicy({ "message-ttl": 5 }), /after 5 ms/],
  ["by policy that expires", withPolicy({ expires: 5 }), /not used for 5 ms/],
  [
    "by policy with drop-head",
    withPolicy({ overflow: "drop-head" }),
    /overflow drop-head/,
  ],
  [
    "by policy with a limit of 0",
    withPolicy({ "delivery-limit": 0 }),
    /no positive delivery limit/,
  ],
  [
    "whose policies are not told",
    { ...good, effective_policy_definition: undefined },
    /not told what policies do/,
  ],
  ["on two nodes", { ...good, members: ["a", "b"] }, /on 2 nodes: 3 are/],
  ["on none", { ...good, members: undefined }, /on 0 nodes/],
  ["without a majority", { ...good, online: ["b"] }, /no majority: a, c are/],
  ["of a stranger", "<html>", /quorum is wanted/],
];

for (const [name, queue, told] of bad) {
  Deno.test(`a queue ${name} is wrong, with what to type`, () => {
    const found = queueFindings(plan, queue, context);
    const first = found.find((each) => told.test(each.told));
    assert(first, JSON.stringify(found));
    assertEquals(first.state, "wrong");
    assert(first.remedy);
  });
}

Deno.test("a policy's remedy is typed for its vhost, and its kind", () => {
  const remedies = (queue: unknown, vhost: string) =>
    queueFindings(plan, queue, { ...context, vhost })
      .map(({ remedy }) => remedy);
  const policy = withPolicy({ expires: 5 });
  assertEquals(remedies(policy, "/"), ["rabbitmqctl clear_policy 'bad one'"]);
  assertEquals(
    remedies({ ...policy, policy: "", operator_policy: "op" }, "mail"),
    ["rabbitmqctl clear_operator_policy -p mail op"],
  );
});

const node = {
  ...{ name: "a", running: true, mem_alarm: false, disk_free_alarm: false },
  partitions: [],
};
const three = [node, { ...node, name: "b" }, { ...node, name: "c" }];

Deno.test("nodes: alarms and partitions are wrong, one that is down is told", () => {
  const wrongs = (nodes: unknown) =>
    nodeFindings(nodes, 3).filter(({ state }) => state === "wrong")
      .map(({ check }) => check);
  assertEquals(wrongs(three), []);
  const down = [node, { ...node, name: "b" }, { name: "c", running: false }];
  assertEquals(wrongs(down), []);
  assertMatch(nodeFindings(down, 3)[0].told, /2 of 3 .*down: c/);
  const [, ...others] = three;
  assertEquals(wrongs([{ ...node, mem_alarm: true }, ...others]), ["alarms"]);
  assertEquals(wrongs([{ ...node, disk_free_alarm: true }, ...others]), [
    "alarms",
  ]);
  assertEquals(wrongs([{ ...node, partitions: ["b"] }, ...others]), [
    "partitions",
  ]);
  // One that has just started does not stop the others; two do.
  const [first, second] = ["x", "y"].map((name) => ({ name, running: true }));
  assertEquals(wrongs([...others, first]), []);
  assertEquals(wrongs([node, first, second]), ["alarms"]);
  const nullish = { ...node, partitions: null };
  assertEquals(wrongs([node, nullish, nullish]), ["alarms"]);
  assertEquals(wrongs(others), ["nodes"]);
  assertEquals(wrongs([]), ["nodes", "alarms"]);
  assertEquals(wrongs({ error: "x" }), ["nodes", "alarms"]);
});

Deno.test("the marker is an exchange that outlives its brokers", () => {
  const wrongs = (exchange: unknown) =>
    markerFindings("m", exchange, context).map(({ state }) => state);
  assertEquals(wrongs({ durable: true, auto_delete: false }), []);
  assertEquals(wrongs({ durable: false, auto_delete: false }), ["wrong"]);
  assertEquals(wrongs({ durable: true, auto_delete: true }), ["wrong"]);
  assertEquals(wrongs(null), ["wrong"]);
});
