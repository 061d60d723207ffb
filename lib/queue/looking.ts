/**
 * Everything about a shared queue that has to hold before a message is put
 * there, or taken from there.
 *
 * @module
 */
import type { ChannelModel } from "amqplib";
import { type BrokerView, lookAtBroker } from "./broker.ts";
import {
  markerFindings,
  nodeFindings,
  type QueueContext,
  queueFindings,
  runningNodes,
} from "./cluster.ts";
import { type Finding, note, Remediable, Silent, wrong } from "./finding.ts";
import { Management } from "./management.ts";
import type { QueueOptions } from "./options.ts";
import { Topology } from "./topology.ts";
import { writtenUrl } from "./url.ts";

export const topologyOf = ({ prefix, members }: QueueOptions): Topology =>
  new Topology(prefix, members);

/** What a person types to make what is missing. */
export function setupLine({ url, prefix }: QueueOptions): string {
  const named = prefix === "postern" ? "" : ` --queue-prefix ${prefix}`;
  return `postern queue setup${named} ${writtenUrl(url)}`;
}

export interface View extends BrokerView {
  /** Of each queue that the management API tells of. */
  readonly queues: ReadonlyMap<string, unknown>;
  /** Nodes; null where nobody looks. */
  readonly running: number | null;
}

/** @throws Error if the broker cannot be asked */
export async function lookAt(
  model: ChannelModel,
  options: QueueOptions,
  management: Management | null = managementOf(options),
): Promise<View> {
  const topology = topologyOf(options);
  const [broker, cluster] = await Promise.all([
    lookAtBroker(model, options, topology, setupLine(options)),
    lookAtCluster(options, topology, management),
  ]);
  const findings = withoutDoubles([...broker.findings, ...cluster.findings]);
  return { ...broker, ...cluster, findings };
}

export const managementOf = (options: QueueOptions): Management | null =>
  options.management === null ? null : new Management(options);

async function lookAtCluster(
  options: QueueOptions,
  topology: Topology,
  management: Management | null,
): Promise<Pick<View, "findings" | "queues" | "running">> {
  const queues = new Map<string, unknown>();
  if (management === null) {
    const told = "nobody looks at members, policies and alarms " +
      "(--queue-management none)";
    return { findings: [note("management", told)], queues, running: null };
  }
  const { vhost } = options.url;
  const context: QueueContext = {
    ...{ vhost, members: options.members, setup: setupLine(options) },
  };
  const place = encodeURIComponent(vhost);
  try {
    const [nodes, marker, ...all] = await Promise.all([
      management.get(`nodes?columns=${nodeColumns}`),
      management.get(
        `exchanges/${place}/${topology.marker}?columns=` +
          "durable,auto_delete",
      ),
      ...topology.queues.map(({ name }) =>
        management.get(`queues/${place}/${name}?columns=${queueColumns}`)
      ),
    ]);
    topology.queues.forEach(({ name }, i) => queues.set(name, all[i]));
    const findings = [
      ...nodeFindings(nodes, options.members),
      ...topology.queues.flatMap((plan, i) =>
        queueFindings(plan, all[i], context)
      ),
      ...markerFindings(topology.marker, marker, context),
    ];
    return { findings, queues, running: runningNodes(nodes) };
  } catch (error) {
    if (!(error instanceof Remediable)) throw error;
    const { message, remedy } = error;
    const found = wrong("management", message, remedy);
    const findings = [{ ...found, isUntold: error instanceof Silent }];
    return { findings, queues, running: null };
  }
}

const nodeColumns = "name,running,mem_alarm,disk_free_alarm,partitions";
const queueColumns = "name,type,durable,auto_delete,exclusive,arguments," +
  "policy,operator_policy,effective_policy_definition,members,online," +
  "messages_ready,messages_unacknowledged,consumers";

/** Both ways of looking miss the same thing. */
function withoutDoubles(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ check, told }) => {
    const key = `${check}: ${told}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** What only the nodes themselves can tell: what to type, and what they answer. */
export const unseenFindings: readonly Finding[] = [
  {
    check: "syncs",
    state: "unseen",
    told: "wal_sync_method must be datasync or sync, and wal_write_strategy " +
      "default or o_sync, on each node",
    remedy: "rabbitmqctl eval 'maps:with([wal_sync_method, " +
      "wal_write_strategy], ra_system:fetch(quorum_queues)).'",
  },
  {
    check: "longest message",
    state: "unseen",
    told: "max_message_size has to be above what the gates take (--databytes)",
    remedy: "rabbitmqctl eval 'application:get_env(rabbit, max_message_size).'",
  },
  {
    check: "halves",
    state: "unseen",
    told: "cluster_partition_handling is best pause_minority",
    remedy:
      "rabbitmqctl eval 'application:get_env(rabbit, cluster_partition_handling).'",
  },
];
