/**
 * TLS for runtimes that have it for listeners alone: the bytes go through a
 * connection to ourselves on the loopback interface, whose listener takes
 * nobody else's and is there for that one alone.
 *
 * @module
 */
import { isSame } from "../base/endpoint.ts";
import type { Stream } from "../base/stream.ts";
import { ClientSocket } from "../sys/client_socket.ts";
import { acknowledgeNow, peek, setNoDelay, socketName } from "../sys/socket.ts";
import { SocketStream } from "../sys/socket_stream.ts";
import { type Certificate, listenTls } from "./certificate.ts";
import type { TlsServer } from "./tls_server.ts";
import { SecuredStream } from "./tls_stream.ts";

/** The runtime's end, which encrypts. */
export interface InnerEnd {
  handshake(): Promise<unknown>;
  read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

type Bytes = Uint8Array<ArrayBuffer>;

interface Written {
  readonly bytes: Bytes;
  /** Is told when they are on their way to the client. */
  readonly sent: () => void;
}

/** A place for a look at the next byte. */
const one = new Uint8Array(new ArrayBuffer(1));

/** The longest record: it goes to the client as a whole. */
const outsideBytes = 16384 + 512;

export class LoopbackTls implements TlsServer {
  constructor(readonly certificate: Certificate) {}

  secure(network: Stream, seconds: number): Promise<Stream> {
    return new ServerStream(network, this.certificate).establish(seconds);
  }
}

/** A stream on a loopback connection, whichever side it is that encrypts. */
export abstract class LoopbackStream extends SecuredStream {
  /** Our end: what is encrypted. */
  #outside: SocketStream | undefined;
  #inside: InnerEnd | undefined;
  #isShakingHands = true;
  /** What the runtime has not taken yet; the first is on its way. */
  readonly #waiting: Written[] = [];
  /** What it has taken, and what has not come out yet. */
  #within: Written[] = [];
  /** Lets the reader go on. */
  #wake = () => {};

  constructor(network: Stream) {
    super(network);
    network.paused = true;
  }

  /** Connects both ends with each other; what it leaves open is its own. */
  protected abstract connectEnds(): Promise<
    { readonly outside: SocketStream; readonly inside: InnerEnd }
  >;

  /** The runtime's end counts as unsent what it has; the network too. */
  override get unsent(): number {
    return super.unsent + this.network.unsent;
  }

  protected override async shakeHands(): Promise<void> {
    const { outside, inside } = await this.connectEnds();
    this.#outside = outside;
    this.#inside = inside;
    if (this.isGone) return this.closeAll();
    const { network } = this;
    outside.readsAlways = true;
    outside.readBytes = outsideBytes;
    outside.open({
      received: (bytes) => {
        this.sends(bytes);
        network.write(bytes);
        // The runtime's end has Nagle's algorithm on, and no way to end it.
        acknowledgeNow(outside.fd);
        this.#lookWithin();
        this.flow();
      },
      ended: () => {
        if (this.closed) this.leave(); // the runtime's end has said all
      },
      drained: () => this.flow(),
    });
    network.open({
      received: (bytes) => {
        if (!this.closed) outside.write(bytes);
        this.flow();
      },
      ended: () => outside.endWriting(),
      drained: () => {
        this.flow();
        this.drain();
      },
    });
    this.flow();
    await inside.handshake();
    this.#isShakingHands = false;
    this.flow();
    this.#read();
  }

  protected override send(bytes: Bytes, sent: () => void): void {
    this.#waiting.push({ bytes, sent });
    if (this.#waiting.length === 1) this.#write();
  }

  protected override flow(): void {
    const { network } = this;
    const outside = this.#outside!;
    const isWanted = this.#isShakingHands || this.closed || this.isOpen;
    network.paused = !isWanted || outside.unsent > 0;
    outside.paused = network.unsent > 0;
    if (this.isOpen) this.#wake();
  }

  protected override sayGoodbye(): void {
    if (this.#inside === undefined) return this.leave();
    this.#inside.close();
    this.flow();
    this.#wake();
  }

  protected override closeAll(): void {
    try {
      this.#inside?.close();
    } catch {
      // It was closed already.
    }
    this.#outside?.close();
    this.#wake();
  }

  async #read(): Promise<void> {
    let buffer = new Uint8Array(new ArrayBuffer(0));
    for (;;) {
      while (!this.isOpen) {
        if (this.closed) return;
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
      const { readBytes } = this;
      if (buffer.length !== readBytes) buffer = new Uint8Array(readBytes);
      const n = await this.#inside!.read(buffer).catch(() => null);
      if (n === null) return this.end();
      this.take(buffer.subarray(0, n));
    }
  }

  async #write(): Promise<void> {
    for (let next; (next = this.#waiting[0]) !== undefined;) {
      for (let { bytes } = next; bytes.length > 0;) {
        // What is written to a client that has gone is lost without a word.
        const n = await this.#inside!.write(bytes).catch(() => bytes.length);
        bytes = bytes.subarray(n);
      }
      this.#within.push(next);
      this.#waiting.shift();
    }
    this.#lookWithin();
  }

  /** What was written has come out when nothing more is there to be read. */
  #lookWithin(): void {
    if (this.#within.length === 0 || this.isGone) return;
    if (this.#waiting.length > 0 || peek(this.#outside!.fd, one)) return;
    const out = this.#within;
    this.#within = [];
    for (const { sent } of out) sent();
  }
}

class ServerStream extends LoopbackStream {
  #listener: Deno.TlsListener | undefined;

  constructor(network: Stream, readonly certificate: Certificate) {
    super(network);
  }

  protected override closeAll(): void {
    try {
      this.#listener?.close();
    } catch {
      // It was closed already.
    }
    super.closeAll();
  }

  /** The listener is there for as long as that takes: others cannot fill it. */
  protected override async connectEnds() {
    const listener = this.#listener = listenTls(this.certificate);
    const { hostname: ip, port } = listener.addr;
    const { fd } = ClientSocket.connect("tcp", { ip, port });
    const outside = new SocketStream(fd);
    setNoDelay(fd);
    const ours = socketName(fd);
    try {
      for (;;) {
        const inside = await listener.accept();
        const { hostname, port } = inside.remoteAddr;
        if (isSame(ours, { ip: hostname, port }) && !this.isGone) {
          listener.close();
          return { outside, inside };
        }
        // Somebody on this machine who has no business here, but great luck: it
        // is the runtime's way to wait until they leave.
        inside.close();
      }
    } catch (error) {
      outside.close();
      throw error;
    }
  }
}
