/**
 * What the tests of the gate have in common: a log that can be read, options,
 * servers and admissions that do as they are told, and connections to receive.
 *
 * @module
 */
import type { Connection } from "../../lib/base/connection.ts";
import type { Emit, GateEvent } from "../../lib/base/events.ts";
import { ConnectionNumbers } from "../../lib/gate/numbers.ts";
import { toBytes } from "../../lib/base/bytes.ts";
import { reason } from "../../lib/base/reason.ts";
import type { Admission } from "../../lib/gate/admission.ts";
import type { Client } from "../../lib/gate/client.ts";
import type { GateOptions } from "../../lib/gate/options.ts";
import { Reception } from "../../lib/gate/reception.ts";
import type { Desk, Server } from "../../lib/gate/server.ts";
import { Slots } from "../../lib/gate/slots.ts";
import { compileInMemory } from "../../lib/rules/compile.ts";
import { type RawConnection, RawListener } from "../../lib/sys/listener.ts";
import { openNames } from "../support/socket_pair.ts";

/** A helper thread may end a moment later than the test that made it wait. */
export const gateTest = (name: string) => ({
  name,
  sanitizeOps: false,
  sanitizeResources: false,
});

export const options: GateOptions = {
  host: "127.0.0.1",
  family: "any",
  interface: null,
  port: "0",
  program: [],
  limit: 40,
  backlog: null,
  rules: null,
  allowMissingRules: false,
  banner: "",
  localHost: "gate.example",
  remoteHost: false,
  paranoid: false,
  remoteInfo: false,
  infoTimeoutSeconds: 5,
  keepIpOptions: false,
  noDelay: false,
  isolate: false,
  classic: false,
  perClient: null,
  rate: null,
  busyReply: false,
  tls: null,
  proxies: null,
};

/** What is told of a gate, a line each. */
export class LogLines {
  readonly lines: string[] = [];

  readonly emit: Emit = (event) => {
    const line = lineOf(event);
    if (line !== null) this.lines.push(line);
  };
}

function lineOf(event: GateEvent): string | null {
  switch (event.type) {
    case "connection.begun":
      return `${event.number} from ${event.ip}`;
    case "connection.ok":
    case "connection.deny": {
      const what = event.type.replace("connection.", "");
      return `${what} ${event.number} ${event.connection.remote.ip}`;
    }
    case "connection.ended":
      return `end ${event.number} status ${event.waitStatus}`;
    case "connection.dropped":
      return `dropping, ${event.what}: ${event.why}`;
    case "connection.broken":
      return `unexpected: ${reason(event.error)}`;
    case "trouble":
      return `warning: ${event.text}`;
    default:
      return null;
  }
}

/** Lets everyone in, and counts who is inside. */
export class OpenDoor {
  inside = 0;
  entered = 0;
  /** What is thrown or done instead of the admission. */
  instead: (() => never | Promise<never>) | null = null;

  get admission(): Admission {
    return this as unknown as Admission;
  }

  isProxy(): boolean {
    return false;
  }
  enter(): null {
    this.inside++;
    this.entered++;
    return null;
  }
  leave(): void {
    this.inside--;
  }
  admit({ local, remote }: RawConnection) {
    if (this.instead) return this.instead();
    return {
      connection: connectionOf({ local, remote }),
      verdict: { type: "ok" },
    };
  }
}

export const connectionOf = (
  of: Partial<Connection> & Pick<Connection, "local" | "remote">,
): Connection => ({
  localHost: "gate.example",
  remoteHost: null,
  remoteInfo: null,
  variables: [],
  encrypted: false,
  ...of,
});

/** A pid that is nobody's. */
export const somePid = 4_194_300;

/** Holds the clients that it gets until a test ends them. */
export class HoldingServer implements Server {
  readonly replies = [];
  activities = () => new Map();
  readonly descriptors = 1;
  readonly held: { client: Client; connection: Connection }[] = [];
  #desk: Desk | undefined;

  constructor(readonly hasPids: boolean) {}

  serve(client: Client, connection: Connection, desk: Desk): void {
    this.#desk = desk;
    const number = this.hasPids ? somePid + this.held.length : undefined;
    this.held.push({ client, connection });
    desk.serving(client, connection, number);
    if (this.hasPids) desk.handedOver(client);
  }
  /** The first that is held has come to its end. */
  end(waitStatus = 0): void {
    this.#desk!.ended(this.held.shift()!.client, waitStatus);
  }
  refresh(): void {}
  stop(): void {}
}

/** A reception with all that belongs to it, and a port to come by. */
export function desk(
  server: Server,
  admission: Admission,
  of: Partial<GateOptions> = {},
) {
  const all = { ...options, ...of };
  const log = new LogLines();
  const slots = new Slots(all.limit);
  const changes: number[] = [];
  const listener = RawListener.listen({ ip: "127.0.0.1", port: 0 }, 50);
  const reception = new Reception(
    all,
    server,
    admission,
    slots,
    new ConnectionNumbers(),
    log.emit,
    () => changes.push(slots.active),
  );
  return {
    reception,
    slots,
    listener,
    log,
    lines: log.lines,
    /** Slots taken, each time that there was news of them. */
    changes,
    /** A client whose connection has been received. */
    async client(says = ""): Promise<Deno.TcpConn> {
      const { client, conn } = await connect(listener, says);
      reception.receive(conn);
      return client;
    },
    [Symbol.dispose]: () => listener.close(),
  };
}

/** A client and what a listener has of it. */
export async function connect(
  listener: RawListener,
  says = "",
): Promise<{ client: Deno.TcpConn; conn: RawConnection }> {
  const client = await Deno.connect({ port: listener.address.port });
  if (says !== "") await client.write(new TextEncoder().encode(says));
  return { client, conn: listener.accept()! };
}

/** All that a client hears until it is left, in whatever way. */
export async function heard(client: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(4096);
  let text = "";
  for (;;) {
    const n = await client.read(buffer).catch(() => null); // a reset
    if (n === null) break;
    text += new TextDecoder().decode(buffer.subarray(0, n));
  }
  client.close();
  return text;
}

/** Whether this process still has what has this name (socket_pair.ts). */
export const isOpen = (name: string): boolean => openNames().has(name);

/** Makes a rules cdb of a text. @returns its path */
export function writeRules(folder: string, text: string): string {
  const path = `${folder}/rules.cdb`;
  Deno.writeFileSync(path, compileInMemory(toBytes(text)));
  return path;
}
