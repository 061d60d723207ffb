/**
 * Connecting to a next hop, until it is ready for messages.
 *
 * @module
 */
import { toBytes } from "../base/bytes.ts";
import { reason } from "../base/reason.ts";
import { isIP } from "node:net";
import type { Refusal } from "../mail/answers.ts";
import { later } from "../smtp_client/answer.ts";
import type { ClientFacts } from "../smtp_client/beginning.ts";
import { ClientSocket } from "../sys/client_socket.ts";
import { acknowledgeNow, setNoDelay, socketName } from "../sys/socket.ts";
import { SocketStream } from "../sys/socket_stream.ts";
import { HopConnection, type Secure } from "./connection.ts";
import { type HopEndpoint, isThisMachine, written } from "./endpoints.ts";
import { knowOurs } from "./ourselves.ts";
import type { HopSettings } from "./settings.ts";

const connectSeconds = 10;
const handshakeSeconds = 30;

/** A connection that is ready, or why there is none. */
export async function connectTo(
  endpoint: HopEndpoint,
  settings: HopSettings,
  client: ClientFacts,
): Promise<HopConnection | Refusal> {
  const connection = await attempt(endpoint, settings, client, settings.tls);
  if (connection instanceof HopConnection) return connection;
  const { refusal, hasTlsFailed } = connection;
  if (!hasTlsFailed || settings.tls !== "opportunistic") return refusal;
  // Anybody on the way could have kept it from being offered, too.
  const plain = await attempt(endpoint, settings, client, "none");
  return plain instanceof HopConnection ? plain : plain.refusal;
}

interface Failed {
  readonly refusal: Refusal;
  readonly hasTlsFailed: boolean;
}

async function attempt(
  endpoint: HopEndpoint,
  settings: HopSettings,
  client: ClientFacts,
  tls: HopSettings["tls"],
): Promise<HopConnection | Failed> {
  let stream: SocketStream;
  try {
    stream = await streamTo(endpoint);
  } catch (error) {
    const text = `unable to connect to the next hop: ${reason(error)}`;
    return { refusal: later("4.4.1", text), hasTlsFailed: false };
  }
  if (settings.client === "proxy") stream.write(toBytes(proxyLine(client)));
  const isNear = isThisMachine(endpoint);
  const connection = new HopConnection(
    stream,
    {
      protocol: settings.protocol,
      name: settings.name(),
      startTls: tls === "none" || (tls === "opportunistic" && isNear)
        ? "never"
        : tls === "opportunistic"
        ? "offered"
        : "always",
      credentials: settings.credentials(endpoint.name),
      mayLogInClear: isNear,
      xclient: settings.client === "xclient",
    },
    securer(endpoint, settings),
    () => {
      if (endpoint.type === "tcp") acknowledgeNow(stream.fd);
    },
  );
  if (endpoint.type === "tcp") {
    connection.forget = knowOurs(socketName(stream.fd), endpoint.at);
  }
  const refusal = await connection.ready();
  return refusal === null
    ? connection
    : { refusal, hasTlsFailed: connection.hasTlsFailed };
}

async function streamTo(endpoint: HopEndpoint): Promise<SocketStream> {
  const socket = endpoint.type === "unix"
    ? ClientSocket.connectPath(endpoint.path)
    : ClientSocket.connect("tcp", endpoint.at);
  try {
    const end = performance.now() + connectSeconds * 1000;
    if (!await socket.established(end)) throw new Error("timed out");
    if (endpoint.type === "tcp") setNoDelay(socket.fd);
    const stream = new SocketStream(socket.fd);
    // A hop that refuses in the middle of a text may say so and read no more.
    stream.readsAlways = true;
    return stream;
  } catch (error) {
    socket.close();
    throw error;
  }
}

function securer(endpoint: HopEndpoint, settings: HopSettings): Secure {
  const { name } = endpoint;
  return async (stream) => {
    const { startTls } = await import("../net/tls_client.ts");
    try {
      return await startTls(stream, {
        name,
        isVerified: settings.tls === "verified",
        authorities: settings.authorities(),
      }, handshakeSeconds);
    } catch (error) {
      const why = (error as Error).message;
      throw new Error(
        `${written(endpoint)}: ${why.replace("the client", "the server")}`,
      );
    }
  };
}

/** Version 1 of HAProxy's proxy-protocol.txt. */
export function proxyLine({ ip, port, local }: ClientFacts): string {
  const family = isIP(ip);
  // A client on a pipe has no address.
  if (family === 0 || family !== isIP(local.ip)) return "PROXY UNKNOWN\r\n";
  return `PROXY TCP${family} ${ip} ${local.ip} ${port} ${local.port}\r\n`;
}
