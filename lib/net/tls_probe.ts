/**
 * Finds out whether this runtime's node:tls can be a server on a stream: older
 * ones do nothing there, for ever, or lose something.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { connect, createSecureContext, TLSSocket } from "node:tls";
import type { Receiver, Stream } from "../base/stream.ts";
import type { Certificate } from "./certificate.ts";
import { Ciphertext } from "./tls_ciphertext.ts";
import { NodeTls } from "./tls_node.ts";

/** It takes some milliseconds, unless other threads keep the machine busy. */
const mostMs = 2000;
/** For what is left over when the time is over. */
const handshakeSeconds = 5;
/** More than a record, and more than node:tls encrypts at once. */
const echoBytes = 65536;

/** Never rejects. */
export async function hasNodeTls(certificate: Certificate): Promise<boolean> {
  try {
    // In this order: where nothing is read, using it as a client may throw
    // where nobody can catch it.
    return readsFromStreams(certificate) && await echoes(certificate);
  } catch {
    return false;
  }
}

function readsFromStreams({ cert, key }: Certificate): boolean {
  const [network] = memoryStreams();
  const ciphertext = new Ciphertext(network);
  const secureContext = createSecureContext({ cert, key });
  const socket = new TLSSocket(ciphertext, { isServer: true, secureContext });
  if (ciphertext.readableFlowing === null) return false;
  socket.destroy();
  return true;
}

/**
 * Whether what is sent there comes back as it was, and then the end: TLS has
 * to tell of that, for the streams in memory do not.
 */
async function echoes(certificate: Certificate): Promise<boolean> {
  const [network, peer] = memoryStreams();
  let served: Stream | undefined;
  new NodeTls(certificate).secure(network, handshakeSeconds).then((stream) => {
    served = stream;
    const received = (bytes: Uint8Array<ArrayBuffer>) => stream.write(bytes);
    stream.open({ received, ended() {}, drained() {} });
  }).catch(() => {}); // then nothing comes back
  const ciphertext = new Ciphertext(peer);
  const client = connect({
    socket: ciphertext,
    ca: certificate.cert,
    rejectUnauthorized: false,
  });
  peer.open(ciphertext);
  const sent = crypto.getRandomValues(new Uint8Array(echoBytes));
  let come = Buffer.alloc(0);
  let hasEnded = false;
  client.on("secureConnect", () => client.write(sent));
  client.on("data", (bytes: Buffer) => come = Buffer.concat([come, bytes]));
  client.on("end", () => hasEnded = true);
  client.on("error", () => {}); // then nothing comes back
  const isRight = await soon(() => come.equals(sent) && served?.unsent === 0);
  served?.close();
  const isWhole = isRight && await soon(() => hasEnded);
  client.destroy();
  return isWhole;
}

async function soon(holds: () => boolean): Promise<boolean> {
  const end = performance.now() + mostMs;
  while (!holds() && performance.now() < end) await turn();
  return holds();
}

const turn = () => new Promise<void>((over) => setImmediate(over));

/** Two that are connected with each other. */
function memoryStreams(): [MemoryStream, MemoryStream] {
  const one = new MemoryStream(), other = new MemoryStream();
  one.peer = other;
  other.peer = one;
  return [one, other];
}

class MemoryStream implements Stream {
  peer: MemoryStream | undefined;
  #receiver: Receiver | undefined;
  readonly #arrived: Uint8Array<ArrayBuffer>[] = [];
  #paused = false;
  readBytes = Infinity;
  readonly unsent = 0;

  open(receiver: Receiver): void {
    this.#receiver = receiver;
    setImmediate(() => this.#tell());
  }

  get paused(): boolean {
    return this.#paused;
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    if (!paused) setImmediate(() => this.#tell());
  }

  write(bytes: Uint8Array<ArrayBuffer>): void {
    this.peer?.arrive(bytes.slice());
  }

  linger(over: () => void): void {
    this.close();
    over();
  }

  close(): void {
    this.peer = undefined;
  }

  arrive(bytes: Uint8Array<ArrayBuffer>): void {
    this.#arrived.push(bytes);
    setImmediate(() => this.#tell());
  }

  #tell(): void {
    if (this.#paused || this.#receiver === undefined) return;
    const bytes = this.#arrived.shift();
    if (bytes === undefined) return;
    this.#receiver.received(bytes);
    bytes.fill(0); // as a socket's stream uses its buffer again
  }
}
