/**
 * What every kind of gate is to the serve command: something that listens
 * from its construction on, and accepts while it runs.
 *
 * @module
 */
import type { SocketAddress } from "../sys/listener.ts";
import { codeOf } from "../base/reason.ts";

/** Where a gate's listening socket is from. */
export interface Place {
  readonly address: SocketAddress;
  /** Whether other processes listen on the same address. */
  readonly shared: boolean;
  /** A listening socket that was handed to us (LISTEN_FDS); then no bind. */
  readonly descriptor: number | null;
}

export interface Gate {
  readonly port: number;
  /** Accepts until closed. */
  run(): Promise<void>;
  /** Stops accepting; connections that are there go on. */
  close(): void;
  /** Reads settings again at the next connection (SIGHUP). */
  refresh(): void;
  /** Resolves when no connection needs this process any more. */
  ended(): Promise<void>;
}

/**
 * From the wish to stop until the socket is closed: who is in the kernel's
 * queue or completes a handshake by then has been let in instead of being
 * reset. Most clients are nearer than this; see also last_call.ts.
 */
export const lastCallMs = 100;

/** How long accepting pauses when the process is out of descriptors. */
const pauseMs = 100;
const complainEveryMs = 1000;

/**
 * accept(2): errors of the one client that was to be accepted, who is gone
 * with it. ENOTCONN is Deno's, which asks who a client is that has reset.
 */
const clientsOwn = new Set([
  ...["ECONNABORTED", "ECONNRESET", "ENOTCONN", "EINTR", "EPERM", "EPROTO"],
  ...["ENETDOWN", "ENOPROTOOPT", "EHOSTDOWN", "ENONET", "EHOSTUNREACH"],
  ...["EOPNOTSUPP", "ENETUNREACH"],
]);

/** What to do when accept fails: the same in both gates. */
export class AcceptFailures {
  #complainedAt = -Infinity;

  constructor(readonly complain: (error: unknown) => void) {}

  /**
   * Resolves when it is worth trying again: at once after one client's
   * failure, a little later when everyone's would fail (EMFILE, ENFILE,
   * ENOMEM), with a complaint once a second.
   */
  async handle(error: unknown): Promise<void> {
    const code = codeOf(error);
    if (code !== undefined && clientsOwn.has(code)) return;
    const now = performance.now();
    if (now - this.#complainedAt >= complainEveryMs) {
      this.#complainedAt = now;
      this.complain(error);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
