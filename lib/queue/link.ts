/**
 * One connection to a broker of a shared queue: whichever of its hosts answers
 * first. The library is loaded when the first is wanted.
 *
 * @module
 */
import type { ChannelModel } from "amqplib";
import { reason } from "../base/reason.ts";
import { isInTime } from "../net/in_time.ts";
import type { QueueOptions } from "./options.ts";

/** A node that hangs is found out within two of them. */
const heartbeatSeconds = 8;
const connectMs = 10_000;
/** A library that has been told to close waits for a node that hangs. */
const closingMs = 2000;

/**
 * @param name what it is for; brokers show it
 * @param first the host that is tried first, by its place
 * @throws Error that says what each of them answered
 */
export async function connect(
  { url, credentials, authorities }: QueueOptions,
  name: string,
  first = 0,
): Promise<ChannelModel> {
  const { default: amqp } = await import("amqplib");
  const failures: string[] = [];
  for (let i = 0; i < url.hosts.length; i++) {
    const { hostname, port } = url.hosts[(first + i) % url.hosts.length];
    try {
      const { user, password } = credentials(hostname);
      const ca = authorities();
      const model = await amqp.connect({
        protocol: url.isEncrypted ? "amqps" : "amqp",
        hostname,
        port,
        vhost: encodeURIComponent(url.vhost), // the library decodes it
        username: user,
        password,
        heartbeat: heartbeatSeconds,
      }, {
        noDelay: true, // 48 ms a publish without
        timeout: connectMs,
        clientProperties: { connection_name: name },
        ...(ca.length > 0 && { ca: ca.join("\n") }),
      });
      model.on("error", () => {}); // `close` comes after it
      model.on("handler-error", () => {});
      return model;
    } catch (error) {
      failures.push(`${hostname}:${port}: ${reason(error)}`);
    }
  }
  throw new Error(failures.join("; "));
}

/** Closes one that may hang. */
export async function disconnect(model: ChannelModel): Promise<void> {
  try {
    await isInTime(model.close(), closingMs);
  } catch {
    // It was closed already, by the broker.
  }
}
