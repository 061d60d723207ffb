/**
 * A TCP client from an address of one's choice.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { until } from "./peers.ts";

export class ClientFrom {
  /** A byte string of all that came. */
  received = "";
  ended = false;

  private constructor(readonly socket: Socket, readonly port: number) {
    socket.on("data", (bytes: Uint8Array) => this.received += fromBytes(bytes));
    socket.on("error", () => this.ended = true); // a reset is an end too
    socket.on("end", () => this.ended = true);
    socket.on("close", () => this.ended = true);
  }

  static connect(
    from: string,
    to: { ip: string; port: number },
  ): Promise<ClientFrom> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: to.ip,
        port: to.port,
        localAddress: from,
        allowHalfOpen: true,
      });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new ClientFrom(socket, socket.localPort!));
      });
    });
  }

  send(text: string): void {
    this.socket.write(toBytes(text));
  }

  /** Waits until the server has closed; everything that it sent. */
  async all(): Promise<string> {
    await until("the server closes", () => this.ended);
    this.close();
    return this.received;
  }

  has(text: string): Promise<void> {
    return until(`${text} comes`, () => this.received.includes(text));
  }

  close(): void {
    this.socket.destroy();
  }
}
