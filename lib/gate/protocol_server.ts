/**
 * Connections that are served within this process, by a protocol of ours.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { Activity, Ending, Protocol, Serving } from "../base/protocol.ts";
import type { Stream } from "../base/stream.ts";
import { type TlsAccess, tlsDescriptors } from "../net/tls_access.ts";
import { SocketStream } from "../sys/socket_stream.ts";
import { asRuled } from "../ucspi/environment.ts";
import type { Client } from "./client.ts";
import type { Desk, Server } from "./server.ts";

/** The exit code of one that did not get as far as its protocol. */
const failedCode = 1;

export class ProtocolServer implements Server {
  readonly hasPids = false;
  readonly descriptors: number;
  readonly #visits = new Set<Visit>();

  /** @param tls for connections that are encrypted from their start, or null */
  constructor(readonly protocol: Protocol, readonly tls: TlsAccess | null) {
    this.descriptors = 1 + protocol.descriptors + (tls ? tlsDescriptors : 0);
  }

  serve(client: Client, connection: Connection, desk: Desk): void {
    desk.serving(client, connection);
    const told = numbered(asRuled(connection), client);
    const stream = new SocketStream(client.take());
    const visit = new Visit(client, desk, this.#visits);
    if (this.tls === null) return this.#speak(visit, stream, told);
    const leave = () => {
      stream.close();
      visit.ended(failedCode);
    };
    visit.serving = { stop: leave };
    const { ip } = connection.remote;
    this.tls.secure(stream, 0, ip, told).then((secured) => {
      if (visit.isOver) return secured?.close();
      if (secured === null) return leave();
      this.#speak(visit, secured, { ...told, encrypted: true });
    }).catch((error) => {
      stream.close();
      visit.broken(error);
    });
  }

  get replies(): readonly number[] {
    return this.protocol.replies;
  }

  activities(wanted: ReadonlySet<number>): Map<number, Activity> {
    const found = new Map<number, Activity>();
    for (const { client: { number }, serving } of this.#visits) {
      if (number === null || !wanted.has(number)) continue;
      found.set(number, serving?.activity ?? shakesHands);
    }
    return found;
  }

  refresh(): void {
    this.protocol.refresh();
    this.tls?.refresh();
  }

  stop(): void {
    for (const { serving } of this.#visits) serving?.stop();
  }

  #speak(visit: Visit, stream: Stream, connection: Connection): void {
    try {
      visit.serving = this.protocol.serve(stream, connection, visit);
    } catch (error) {
      stream.close();
      visit.broken(error);
    }
  }
}

const shakesHands: Activity = { helo: null, doing: "shakes hands" };

/** The log's name for it goes with it. */
const numbered = (connection: Connection, { number }: Client): Connection =>
  number === null ? connection : { ...connection, number };

/** A client that is being served. */
class Visit implements Ending {
  serving: Serving | null = null;

  constructor(
    readonly client: Client,
    readonly desk: Desk,
    readonly all: Set<Visit>,
  ) {
    all.add(this);
  }

  get isOver(): boolean {
    return !this.all.has(this);
  }

  ended(exitCode: number): void {
    if (this.all.delete(this)) this.desk.ended(this.client, exitCode << 8);
  }

  broken(error: unknown): void {
    if (this.all.delete(this)) this.desk.broken(this.client, error);
  }
}
