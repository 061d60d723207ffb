/**
 * The seam between the gate, which knows no protocol, and what serves its
 * connections within the process.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import type { Stream } from "./stream.ts";

/** What answers connections of one kind, such as SMTP. */
export interface Protocol {
  /** Descriptors that a connection may take beyond its own; known once prepared. */
  readonly descriptors: number;
  /**
   * Reads what only root may read, and loads what takes its time.
   *
   * @throws Error that says what cannot be read or used
   */
  prepare(): Promise<void>;
  /** Reads settings and certificates again (SIGHUP); the next sessions have them. */
  refresh(): void;
  /** What its sessions would stumble over, each in a line (`--check`). */
  problems(): Promise<string[]>;
  /**
   * Serves one connection; the stream is closed at the end.
   *
   * @param ending is told of the end, once, maybe before this returns
   */
  serve(stream: Stream, connection: Connection, ending: Ending): Serving;
}

/** Who is told how it ended. (A promise would cost a waiting session more.) */
export interface Ending {
  /** @param exitCode that a program would leave with */
  ended(exitCode: number): void;
  /** Only a bug explains it. */
  broken(error: unknown): void;
}

/** A connection that is being served. */
export interface Serving {
  /** The process is to end: tells the peer so, and ends soon. */
  stop(): void;
}
