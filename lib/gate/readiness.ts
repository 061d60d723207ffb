/**
 * What a supervisor hands over and wants to hear: sd_notify(3), sd_listen_fds(3)
 * and s6's notification descriptor.
 *
 * @module
 */
import {
  closeDescriptor,
  closeOnExec,
  writeNow,
} from "../posix/descriptors.ts";
import { UnixSender } from "../posix/datagram.ts";

/** The first of the sockets that LISTEN_FDS counts. */
const firstSocket = 3;

export class Readiness {
  /** @param readyFd gets a newline and is closed; null for none */
  constructor(readonly readyFd: number | null) {
    if (readyFd !== null) closeOnExec(readyFd);
  }

  /** Listening sockets that were handed to this very process. */
  inheritedSockets(): number[] {
    const count = Number(Deno.env.get("LISTEN_FDS") ?? 0);
    if (Deno.env.get("LISTEN_PID") !== `${Deno.pid}` || !(count > 0)) return [];
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
      sender.send(new TextEncoder().encode(state));
      sender.close();
    } catch {
      // A supervisor that does not listen is no reason to stop.
    }
  }
}
