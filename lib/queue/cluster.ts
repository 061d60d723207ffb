/**
 * What the management API says of nodes, queues and the marker, and what of it
 * would lose mail. Pure.
 *
 * @module
 */
import { type Finding, note, ok, untold, wrong } from "./finding.ts";
import type { QueuePlan } from "./topology.ts";

type Json = Readonly<Record<string, unknown>>;

/** What an administrator of the broker types, by vhost. */
const control = (command: string, vhost: string, rest: string) =>
  `rabbitmqctl ${command}${
    vhost === "/" ? "" : ` -p ${quoted(vhost)}`
  } ${rest}`;

const quoted = (text: string) =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** @param nodes the answer to /api/nodes */
export function nodeFindings(nodes: unknown, wanted: number): Finding[] {
  const all = Array.isArray(nodes) ? nodes.map(object) : [];
  const running = all.filter(({ running }) => running === true);
  const down = all.filter(({ running }) => running !== true).map(name);
  const count = `${running.length} of ${all.length} nodes are running`;
  const found: Finding[] = [];
  if (running.length === 0) {
    found.push(wrong("nodes", "the management API tells of no node", null));
  } else if (down.length > 0) {
    found.push(note("nodes", `${count}; down: ${down.join(", ")}`));
  } else if (all.length < wanted) {
    const told = `${count}, ${wanted} are wanted`;
    const join = "rabbitmqctl join_cluster on each node that is to join";
    found.push(wrong("nodes", told, join));
  } else found.push(ok("nodes", count));
  // One that has just started tells nothing of itself for some seconds.
  const telling = running.filter(isTelling);
  if (telling.length < majority(all.length)) {
    const silent = running.filter((node) => !isTelling(node)).map(name);
    const told = `not known yet of ${silent.join(", ")}`;
    const remedy = "rabbitmqctl status; try again in some seconds";
    return [...found, untold("alarms", told, remedy)];
  }
  return [...found, alarms(telling), partitions(telling)];
}

const isTelling = ({ mem_alarm, disk_free_alarm, partitions }: Json) =>
  typeof mem_alarm === "boolean" && typeof disk_free_alarm === "boolean" &&
  Array.isArray(partitions);

const nodes = (count: number) => count === 1 ? "1 node" : `${count} nodes`;

const majority = (count: number) => Math.floor(count / 2) + 1;

/** How many take part now. */
export const runningNodes = (nodes: unknown): number =>
  Array.isArray(nodes)
    ? nodes.map(object).filter(({ running }) => running === true).length
    : 0;

function alarms(running: readonly Json[]): Finding {
  const lines = running.flatMap((node) => [
    ...node.mem_alarm ? [`${name(node)} is short of memory`] : [],
    ...node.disk_free_alarm ? [`${name(node)} is short of disk space`] : [],
  ]);
  return lines.length === 0 ? ok("alarms", "none") : wrong(
    "alarms",
    `the brokers take nothing: ${lines.join(", ")}`,
    "rabbitmq-diagnostics alarms tells more; make room there",
  );
}

function partitions(running: readonly Json[]): Finding {
  const cut = running.filter(({ partitions }) => list(partitions).length > 0);
  return cut.length === 0 ? ok("partitions", "none") : wrong(
    "partitions",
    `there is a partition of the cluster, as seen by ${
      cut.map(name).join(", ")
    }`,
    "rabbitmqctl cluster_status tells more; restart the nodes of one side",
  );
}

export interface QueueContext {
  readonly vhost: string;
  /** Nodes that have to hold a queue, at least. */
  readonly members: number;
  /** What makes a queue that is missing. */
  readonly setup: string;
}

/** @param queue the answer to /api/queues/VHOST/NAME; null if there is none */
export function queueFindings(
  plan: QueuePlan,
  queue: unknown,
  { vhost, members, setup }: QueueContext,
): Finding[] {
  const check = `queue ${plan.name}`;
  if (queue === null) {
    const told = `there is no queue ${plan.name} in the vhost ${vhost}`;
    return [{ ...wrong(check, told, setup), isMissing: true }];
  }
  const facts = object(queue);
  const anew =
    `when it is empty, ${control("delete_queue", vhost, plan.name)}, ` +
    `and then ${setup}`;
  const found: Finding[] = [];
  const fail = (told: string, remedy: string) =>
    found.push(wrong(check, `${plan.name} ${told}`, remedy));
  if (facts.type !== "quorum") {
    fail(`is a queue of type ${text(facts.type)}: quorum is wanted`, anew);
  }
  if (facts.durable !== true) fail("is not durable", anew);
  if (facts.auto_delete === true) fail("goes with its last consumer", anew);
  if (facts.exclusive === true) fail("goes with its connection", anew);
  for (const told of argumentFaults(plan, object(facts.arguments))) {
    fail(told, anew);
  }
  const policies = [facts.policy, facts.operator_policy]
    .filter((each) => typeof each === "string" && each !== "").map(text);
  const remedy = policyRemedy(facts, vhost);
  const policy = facts.effective_policy_definition;
  if (policy === undefined) {
    const told = `${plan.name} is not told what policies do to it`;
    found.push(untold(check, told, "rabbitmqctl list_policies"));
  }
  for (const told of policyFaults(object(policy))) {
    fail(`${told}, by the policy ${policies.join(" or ")}`, remedy);
  }
  found.push(...memberFaults(check, plan.name, facts, members));
  return found.length > 0 ? found : [ok(check, summary(facts))];
}

const summary = (facts: Json) => {
  const members = list(facts.members), online = list(facts.online);
  return `quorum, on ${nodes(members.length)}, ${online.length} online`;
};

function argumentFaults(plan: QueuePlan, seen: Json): string[] {
  const found = lossBy(seen, "x-");
  for (const [name, wanted] of Object.entries(plan.arguments)) {
    const is = seen[name];
    if (name === "x-delivery-limit") {
      if (!isPositive(is)) found.push("has no positive delivery limit");
    } else if (isExact.has(name) && is !== wanted) {
      found.push(
        `has ${name} ${text(is)}: ${JSON.stringify(wanted)} is wanted`,
      );
    }
  }
  return [...new Set(found)];
}

/** The others may be as somebody has thought fit. */
const isExact: ReadonlySet<string> = new Set([
  "x-overflow",
  "x-dead-letter-exchange",
  "x-dead-letter-routing-key",
  "x-dead-letter-strategy",
]);

function policyFaults(policy: Json): string[] {
  const found = lossBy(policy, "");
  const limit = policy["delivery-limit"];
  if (limit !== undefined && !isPositive(limit)) {
    found.push("has no positive delivery limit");
  }
  const { overflow } = policy;
  if (overflow !== undefined && overflow !== "reject-publish") {
    found.push(`has overflow ${text(overflow)}: reject-publish is wanted`);
  }
  return found;
}

/** @param prefix of arguments, which policies do not have */
function lossBy(settings: Json, prefix: string): string[] {
  const has = (name: string) => settings[prefix + name] !== undefined;
  const found: string[] = [];
  if (has("message-ttl")) {
    found.push(
      `throws messages away after ${
        text(settings[`${prefix}message-ttl`])
      } ms (message-ttl)`,
    );
  }
  if (has("expires")) {
    found.push(
      `goes when it is not used for ${
        text(settings[`${prefix}expires`])
      } ms (expires)`,
    );
  }
  for (const name of ["max-length", "max-length-bytes"]) {
    const overflow = settings[`${prefix}overflow`];
    // On some versions a policy's bound comes with a policy's overflow.
    if (has(name) && overflow !== "reject-publish") {
      found.push(`has a bound (${name}) without overflow reject-publish`);
    }
  }
  return found;
}

function policyRemedy({ policy, operator_policy }: Json, vhost: string) {
  const lines = [
    [policy, "clear_policy"],
    [operator_policy, "clear_operator_policy"],
  ] as const;
  return lines.filter(([name]) => typeof name === "string" && name !== "")
    .map(([name, command]) => control(command, vhost, quoted(String(name))))
    .join(", ") || control("list_policies", vhost, "").trim();
}

function memberFaults(
  check: string,
  queue: string,
  facts: Json,
  wanted: number,
): Finding[] {
  const members = list(facts.members);
  const online = members.filter((each) => list(facts.online).includes(each));
  const found: Finding[] = [];
  if (members.length < wanted) {
    found.push(wrong(
      check,
      `${queue} is on ${nodes(members.length)}: ${wanted} are wanted`,
      `rabbitmq-queues grow NODE all, for each node that is to have it`,
    ));
  }
  if (online.length < majority(members.length)) {
    const down = members.filter((each) => !online.includes(each));
    found.push(wrong(
      check,
      `${queue} has no majority: ${down.map(text).join(", ")} are down`,
      "start them",
    ));
  }
  return found;
}

/** @param exchange the answer to /api/exchanges/VHOST/NAME */
export function markerFindings(
  marker: string,
  exchange: unknown,
  { vhost, setup }: QueueContext,
): Finding[] {
  if (exchange === null) return [markerMissing(marker, setup)];
  const { durable, auto_delete } = object(exchange);
  if (durable === true && auto_delete !== true) return [];
  return [wrong(
    "marker",
    `the exchange ${marker} in the vhost ${vhost} is not durable: it is ` +
      "nobody's sign that the queues are on the disks",
    `delete it, and then ${setup}`,
  )];
}

export const markerMissing = (marker: string, setup: string): Finding => ({
  ...wrong(
    "marker",
    `there is no exchange ${marker}: the queues are not set up, or too young ` +
      "to outlive a power cut",
    setup,
  ),
  isMissing: true,
});

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Json
    : {};
}

const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : [];

const isPositive = (value: unknown) =>
  typeof value === "number" && Number.isInteger(value) && value > 0;

const name = (node: Json) => text(node.name);

/** Of a broker's, for a line. */
const text = (value: unknown): string =>
  (typeof value === "string" ? value : JSON.stringify(value) ?? "none")
    .replace(/[^ -~]/g, "?").slice(0, 200);
