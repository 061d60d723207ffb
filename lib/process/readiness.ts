/**
 * What a supervisor hands over and wants to hear: sd_notify(3), sd_listen_fds(3)
 * and s6's notification descriptor.
 *
 * @module
 */
import { closeDescriptor, closeOnExec, writeNow } from "../sys/descriptors.ts";
import { UnixSender } from "../sys/datagram.ts";
import { attempt } from "./fatal.ts";

/** The first of the sockets that LISTEN_FDS counts. */
export const firstSocket = 3;

/**
 * How many listening sockets were handed to this very process.
 *
 * @throws Error if that is no number
 */
export function handedSockets(): number {
  const count = Deno.env.get("LISTEN_FDS");
  if (count === undefined || Deno.env.get("LISTEN_PID") !== `${Deno.pid}`) {
    return 0;
  }
  if (/^\d{1,6}$/.test(count)) return Number(count);
  throw new Error(`${JSON.stringify(count)} is no number`);
}

/** @throws Fatal if it is not open */
export const readinessOf = (fd: number | null): Readiness =>
  attempt(`use --ready-fd ${fd}`, () => new Readiness(fd));

export class Readiness {
  /**
   * @param readyFd gets a newline and is closed; null for none
   * @throws SystemError if it is not open
   */
  constructor(readonly readyFd: number | null) {
    if (readyFd !== null) closeOnExec(readyFd);
  }

  /**
   * The listening sockets that were handed to this process.
   *
   * @param wanted how many there have to be, if any
   * @throws Error if there are others
   */
  inheritedSockets(wanted: number): number[] {
    const count = handedSockets();
    if (count === 0) return [];
    if (count !== wanted) throw new Error(`${count} sockets, not ${wanted}`);
    const sockets = Array.from({ length: count }, (_, i) => firstSocket + i);
    sockets.forEach(closeOnExec);
    return sockets;
  }

  ready(): void {
    if (this.readyFd !== null) {
      writeNow(this.readyFd, new Uint8Array([10]));
      closeDescriptor(this.readyFd);
    }
    this.#notify("READY=1");
  }

  stopping(): void {
    this.#notify("STOPPING=1");
  }

  #notify(state: string): void {
    const path = Deno.env.get("NOTIFY_SOCKET");
    if (!path) return;
    try {
      const sender = new UnixSender(path);
      // A supervisor that is busy is waited for, but by nobody else.
      sender.deliver(new TextEncoder().encode(state))
        .catch(() => {}) // it has gone
        .finally(() => sender.close());
    } catch {
      // A supervisor that does not listen is no reason to stop.
    }
  }
}
