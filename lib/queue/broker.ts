/**
 * What a connection to a broker shows: what it is, and whether the queues and
 * their marker are there. Nothing is declared.
 *
 * @module
 */
import type { ChannelModel } from "amqplib";
import { printable } from "../base/foreign_text.ts";
import { reason } from "../base/reason.ts";
import { markerMissing } from "./cluster.ts";
import { type Finding, note, ok, Remediable, wrong } from "./finding.ts";
import type { QueueOptions } from "./options.ts";
import type { Topology } from "./topology.ts";

/** At-least-once dead letters, and message TTL of quorum queues that is seen. */
const oldestVersion = [3, 10] as const;
const capabilitiesWanted = [
  "publisher_confirms",
  "basic.nack",
  "consumer_cancel_notify",
  "connection.blocked",
] as const;
/** A node that hangs is found out within two of them. */
const longestHeartbeatSeconds = 10;

/** What a queue has, as far as its passive declaration tells. */
export interface Depth {
  readonly messages: number;
  readonly consumers: number;
}

export interface BrokerView {
  readonly findings: readonly Finding[];
  /** By name; of those that are there. */
  readonly depths: ReadonlyMap<string, Depth>;
  readonly hasMarker: boolean;
}

/**
 * @param setup what makes a queue that is missing
 * @throws Error if the connection is lost, or its vhost may not be looked at
 */
export async function lookAtBroker(
  model: ChannelModel,
  options: QueueOptions,
  topology: Topology,
  setup: string,
): Promise<BrokerView> {
  const { serverProperties, heartbeat } = model.connection as unknown as {
    serverProperties: Readonly<Record<string, unknown>>;
    heartbeat: number;
  };
  const findings = [
    versionFinding(serverProperties),
    capabilityFinding(serverProperties),
    heartbeatFinding(heartbeat),
    encryptionFinding(options),
  ];
  const depths = new Map<string, Depth>();
  for (const { name } of topology.queues) {
    const found = await passively(
      model,
      (channel) => channel.checkQueue(name),
    );
    if (found === null) {
      const told =
        `there is no queue ${name} in the vhost ${options.url.vhost}`;
      const missing = wrong(`queue ${name}`, told, setup);
      findings.push({ ...missing, isMissing: true });
    } else {
      const { messageCount: messages, consumerCount: consumers } = found;
      depths.set(name, { messages, consumers });
    }
  }
  const { marker } = topology;
  const exchange = await passively(
    model,
    (channel) => channel.checkExchange(marker),
  );
  findings.push(
    exchange === null
      ? markerMissing(marker, setup)
      : ok("marker", `the exchange ${marker} is there`),
  );
  return { findings, depths, hasMarker: exchange !== null };
}

type Channel = Awaited<ReturnType<ChannelModel["createChannel"]>>;

/** On a channel of its own, which ends with the answer that there is nothing. */
async function passively<T>(
  model: ChannelModel,
  declare: (channel: Channel) => Promise<T>,
): Promise<T | null> {
  const channel = await model.createChannel();
  channel.on("error", () => {}); // told by the call
  try {
    const found = await declare(channel);
    await channel.close();
    return found;
  } catch (error) {
    const { code } = error as { code?: number };
    if (code === 404) return null;
    if (code === 403) {
      throw new Remediable(
        `the broker does not let us in: ${brokerWords(error)}`,
        "rabbitmqctl set_permissions gives the user what it wants",
      );
    }
    throw error;
  }
}

/** What a broker says, without the library's words around it. */
export const brokerWords = (error: unknown): string =>
  printable(
    (error instanceof Error ? error.message : reason(error))
      .replace(/^.*with message "(.*)"$/s, "$1"),
    300,
  );

function versionFinding(
  { product, version }: Readonly<Record<string, unknown>>,
): Finding {
  const told = printable(`${product} ${version}`, 80);
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(String(version)) ?? [];
  const [oldestMajor, oldestMinor] = oldestVersion;
  const isNew = Number(major) > oldestMajor ||
    (Number(major) === oldestMajor && Number(minor) >= oldestMinor);
  if (product === "RabbitMQ" && isNew) return ok("version", told);
  return wrong(
    "version",
    `the broker is ${told}: RabbitMQ ${oldestVersion.join(".")} is wanted`,
    "rabbitmqctl version, and a newer package",
  );
}

function capabilityFinding(
  { capabilities }: Readonly<Record<string, unknown>>,
): Finding {
  const has = (capabilities ?? {}) as Readonly<Record<string, unknown>>;
  const missing = capabilitiesWanted.filter((each) => has[each] !== true);
  return missing.length === 0
    ? ok("protocol", "confirms, nacks, cancel notices, blocked notices")
    : wrong("protocol", `the broker has no ${missing.join(", ")}`, null);
}

function heartbeatFinding(seconds: number): Finding {
  const told = `every ${seconds} seconds`;
  if (seconds > 0 && seconds <= longestHeartbeatSeconds) {
    return ok("heartbeat", told);
  }
  return wrong(
    "heartbeat",
    `the heartbeat is ${seconds} seconds: a node that hangs is not found out`,
    "heartbeat = 60 in rabbitmq.conf",
  );
}

function encryptionFinding({ url }: QueueOptions): Finding {
  if (url.isEncrypted) return ok("encryption", "TLS, verified");
  const isNear = url.hosts.every(({ hostname }) =>
    /^(127\.|::1$|localhost$)/.test(hostname)
  );
  return isNear
    ? ok("encryption", "none, to this machine itself")
    : note("encryption", "none: mail and passwords go in the clear (amqps:)");
}
