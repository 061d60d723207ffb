/**
 * One process a connection, with the socket itself as its descriptors 0 and 1.
 *
 * @module
 */
import { bytesOf, textOf } from "../base/bytes.ts";
import type { Connection } from "../base/connection.ts";
import type { Activity } from "../base/protocol.ts";
import { codeOf, reason } from "../base/reason.ts";
import { whenEnded } from "../sys/children.ts";
import { spawn } from "../sys/spawn.ts";
import {
  ConnectionEnvironment,
  InheritedEnvironment,
  ownEnvironment,
} from "../ucspi/environment.ts";
import { findProgram, searchPath } from "../ucspi/program.ts";
import type { Client } from "./client.ts";
import type { Desk, Server } from "./server.ts";

/** Of posix_spawn(3) these are fork's, as good as always. */
const forkFailures = new Set(["EAGAIN", "ENOMEM"]);

const notFound = Object.assign(new Error("not in PATH"), { code: "ENOENT" });

export class ProgramServer implements Server {
  readonly hasPids = true;
  /** Its own until the program has it, then one by which its end is heard. */
  readonly descriptors = 1;
  readonly #inherited = new InheritedEnvironment(ownEnvironment());
  /** The program's name as text. */
  readonly #name: string;
  /** Where it is looked for: our own, not one that a rule sets for it. */
  readonly #path = searchPath();

  /** @param args argv of the program; the first is looked for in PATH */
  constructor(readonly args: readonly string[]) {
    this.#name = textOf(args[0]);
  }

  /** Without a promise: the code that runs between two exec calls is cold. */
  serve(client: Client, connection: Connection, desk: Desk): void {
    const { fd } = client.conn;
    let pid: number;
    try {
      pid = spawn({
        path: this.#found(),
        args: this.args,
        env: new ConnectionEnvironment(this.#inherited, connection).entries(),
        descriptors: [[fd, 0], [fd, 1]],
      });
    } catch (error) {
      if (!forkFailures.has(codeOf(error)!)) {
        const what = `unable to run ${this.#name}`;
        return desk.dropped(client, connection, what, reason(error));
      }
      // tcpserver, which forks first, says nothing else of the client.
      return desk.dropped(client, null, "unable to fork", reason(error));
    }
    client.close();
    // Only now is the pid known that tcpserver logs first.
    desk.serving(client, connection, pid);
    desk.handedOver(client);
    whenEnded(pid, (status) => desk.ended(client, status));
  }

  readonly replies = []; // a program's are its own affair

  activities(): Map<number, Activity> {
    return new Map(); // what a program does is its own affair
  }

  refresh(): void {
    // The program reads its settings itself, the rules need no signal.
  }

  stop(): void {
    // A running program goes on without us.
  }

  /** The file to execute, as a byte string. Looked for anew, as execvp does. */
  #found(): string {
    if (this.args[0].includes("/")) return this.args[0];
    const path = findProgram(this.#name, this.#path);
    if (path === null) throw notFound;
    return bytesOf(path);
  }
}
