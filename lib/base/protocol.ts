/**
 * The seam between the gate, which knows no protocol, and what serves its
 * connections within the process.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import type { Stream } from "./stream.ts";

/** The values that each of some variables may have; byte strings. */
export type Variables = ReadonlyMap<string, ReadonlySet<string>>;

/** What answers connections of one kind, such as SMTP. */
export interface Protocol {
  /** Descriptors that a connection may take beyond its own; known once prepared. */
  readonly descriptors: number;
  /**
   * What we call ourselves, which a certificate should be for; null while
   * nobody says.
   */
  readonly hostName?: string | null;
  /** How many replies were given, by the first digit of their codes. */
  readonly replies: readonly number[];
  /**
   * Reads what only root may read, and loads what takes its time.
   *
   * @throws Error that says what cannot be read or used
   */
  prepare(): Promise<void>;
  /**
   * Looks, before the first connection, at what its sessions will read, and
   * tells what cannot be read now.
   *
   * @throws Unusable if something could never be right
   */
  rehearse?(): Promise<void>;
  /** Reads settings and certificates again (SIGHUP); the next sessions have them. */
  refresh(): void;
  /**
   * What its sessions would stumble over, each in a line (`--check`). Asked
   * with their ids; `prepare` has been called, and may have failed.
   *
   * @param ruled what the access rules set
   */
  problems(ruled?: Variables): Promise<string[]>;
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

/** What a connection is at, for those who watch. */
export interface Activity {
  /** What the client calls itself, a byte string; null before it has. */
  readonly helo: string | null;
  /** In a few words. */
  readonly doing: string;
}

/** A connection that is being served. */
export interface Serving {
  /** What is going on now. */
  readonly activity?: Activity;
  /** The process is to end: tells the peer so, and ends soon. */
  stop(): void;
}
