/**
 * Who serves the connections of a gate: a program for each, or a protocol
 * within this process.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { Activity } from "../base/protocol.ts";
import type { Client } from "./client.ts";

/** Raw wait statuses of a child that refused: exit 100 and exit 111. */
export const deniedStatus = 100 << 8;
export const droppedStatus = 111 << 8;

/** What a server tells the reception of a client. */
export interface Desk {
  /** It is served from now on, under this number if it has none yet. */
  serving(client: Client, connection: Connection, number?: number): void;
  /** This process has nothing to do with it any more: a program has it. */
  handedOver(client: Client): void;
  /** It is over, with this raw wait status. */
  ended(client: Client, waitStatus: number): void;
  /** It cannot be served. `connection` null: it was never to be seen. */
  dropped(
    client: Client,
    connection: Connection | null,
    what: string,
    why: string,
  ): void;
  /** Only a bug explains it. */
  broken(client: Client, error: unknown): void;
}

export interface Server {
  /** Whether a connection's number is a pid, which it has when it is served. */
  readonly hasPids: boolean;
  /** Descriptors that a connection may take, its own included. */
  readonly descriptors: number;
  serve(client: Client, connection: Connection, desk: Desk): void;
  /** How many replies were given, by the first digit of their codes. */
  readonly replies: readonly number[];
  /** What connections that are served here are at, by the numbers that are wanted. */
  activities(wanted: ReadonlySet<number>): Map<number, Activity>;
  /** Reads settings again at the next connection (SIGHUP). */
  refresh(): void;
  /** The process is to end: tells those who are served here so. */
  stop(): void;
}
