/**
 * What there is to know of a session before the client has said anything.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import type { ProgramEnvironment } from "../ucspi/environment.ts";

/** Whose session it is. */
export interface SessionFacts {
  /** What it is called in logs. */
  readonly name: string;
  readonly connection: Connection;
  /** What a program would have for the connection. */
  readonly env: ProgramEnvironment;
  /** Our host name. */
  readonly me: string;
}
