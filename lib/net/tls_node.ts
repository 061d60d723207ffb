/**
 * TLS by node:tls on a stream of ours, where the runtime has it (Deno 2.9).
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { constants } from "node:crypto";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { Stream } from "../base/stream.ts";
import type { Certificate } from "./certificate.ts";
import type { TlsServer } from "./tls_server.ts";
import { Ciphertext } from "./tls_ciphertext.ts";
import { clientEnded } from "./tls_failure.ts";
import { SecuredStream } from "./tls_stream.ts";

export class NodeTls implements TlsServer {
  readonly #context: SecureContext;

  constructor({ cert, key }: Certificate) {
    // Deno does not heed it so far: tickets are sent, and can be used.
    const secureOptions = constants.SSL_OP_NO_TICKET;
    this.#context = createSecureContext({ cert, key, secureOptions });
  }

  secure(network: Stream, seconds: number): Promise<Stream> {
    return new NodeStream(network, this.#context).establish(seconds);
  }
}

class NodeStream extends SecuredStream {
  readonly #ciphertext: Ciphertext;
  readonly #socket: TLSSocket;

  constructor(network: Stream, secureContext: SecureContext) {
    super(network);
    network.paused = true;
    this.#ciphertext = new Ciphertext(
      network,
      (bytes) => this.sends(bytes),
    );
    const options = { isServer: true, secureContext };
    this.#socket = new TLSSocket(this.#ciphertext, options);
    this.#socket.on("data", ({ buffer, byteOffset, length }: Buffer) => {
      this.take(new Uint8Array(buffer as ArrayBuffer, byteOffset, length));
    });
    // An error is an end too: no byte behind it can be trusted.
    for (const event of ["end", "close", "error", "_tlsError"]) {
      this.#socket.on(event, () => this.end());
    }
  }

  protected override shakeHands(): Promise<void> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(clientEnded));
      this.#socket.once("secure", resolve)
        .once("error", reject).once("_tlsError", reject)
        .once("end", ended).once("close", ended);
      // It starts by itself a little later, and breaks on bytes from before.
      setImmediate(() => this.#begin());
    });
  }

  #begin(): void {
    const ciphertext = this.#ciphertext;
    this.network.open({
      received: (bytes) => ciphertext.received(bytes),
      ended: () => ciphertext.ended(),
      drained: () => {
        ciphertext.drained();
        this.drain();
      },
    });
    this.network.paused = false;
  }

  protected override send(bytes: Uint8Array, sent: () => void): void {
    this.#socket.write(bytes, sent);
  }

  protected override flow(): void {
    this.network.paused = !this.isOpen;
  }

  protected override sayGoodbye(): void {
    this.#socket.end();
    setTimeout(() => this.leave()); // it is said a little later, as alerts are
  }

  protected override closeAll(): void {
    this.#socket.destroy();
  }
}
