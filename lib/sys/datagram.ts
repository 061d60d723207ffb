/**
 * Sending to a unix socket as syslog(3) does: by datagram, or by stream where
 * the other side wants one. Deno's own needs a path of ours to send from.
 *
 * @module
 */
import { check, errno, libc, SystemError } from "./libc.ts";
import {
  EAGAIN,
  EINTR,
  MSG_NOSIGNAL,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
} from "./numbers.ts";
import { writable } from "./readable.ts";

const AF_UNIX = 1;
/** sun_path of unix(7), the closing NUL included. */
const pathBytesLimit = 108;

export class UnixSender {
  /** Whoever writes to it sends a message. */
  readonly fd: number;
  readonly #isStream: boolean;

  /**
   * @param path one that starts with `@` is in the abstract name space, as
   *   sd_notify(3) writes it
   * @throws SystemError when nobody is there, or the path is too long; EAGAIN
   *   when too many others wait for a stream
   */
  constructor(path: string) {
    const name = new TextEncoder().encode(path);
    const isAbstract = path.startsWith("@");
    if (isAbstract) name[0] = 0;
    // A NUL at the end would be part of an abstract name.
    const nameBytes = name.length + (isAbstract ? 0 : 1);
    if (nameBytes > pathBytesLimit) throw new SystemError("connect", 36);
    const address = new Uint8Array(2 + nameBytes);
    new DataView(address.buffer).setUint16(0, AF_UNIX, true);
    address.set(name, 2);
    let fd = connected(SOCK_DGRAM, address);
    this.#isStream = fd === null;
    fd ??= connected(SOCK_STREAM, address);
    if (fd === null) throw new SystemError("connect", 91);
    this.fd = fd;
  }

  /**
   * Sends a message if it is taken at once.
   *
   * @throws SystemError when it is not (EAGAIN), or the other side has gone
   */
  send(message: Uint8Array): void {
    const bytes = this.#framed(message);
    if (this.#take(bytes) < bytes.length) throw new SystemError("send", EAGAIN);
  }

  /**
   * Sends a message, however long the other side stands still. One at a time.
   *
   * @throws SystemError when the other side has gone
   */
  async deliver(message: Uint8Array): Promise<void> {
    let bytes = this.#framed(message);
    for (;;) {
      bytes = bytes.subarray(this.#take(bytes));
      if (bytes.length === 0) return;
      await writable(this.fd);
    }
  }

  /** Not while a message is being delivered. */
  close(): void {
    libc().close(this.fd);
  }

  /** A stream has no ends of messages: syslog(3) marks them by a NUL. */
  #framed(message: Uint8Array): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(message.length + (this.#isStream ? 1 : 0));
    bytes.set(message);
    return bytes;
  }

  /** @returns how many bytes were taken, 0 when there is no room for now */
  #take(bytes: Uint8Array<ArrayBuffer>): number {
    const sent = libc().send(this.fd, bytes, bytes.length, MSG_NOSIGNAL);
    if (sent >= 0) return sent;
    const error = errno();
    if (error === EAGAIN || error === EINTR) return 0;
    throw new SystemError("send", error);
  }
}

/** A connected socket; null if the other side is of another type. */
function connected(
  type: number,
  address: Uint8Array<ArrayBuffer>,
): number | null {
  const flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
  const fd = check("socket", libc().socket(AF_UNIX, type | flags, 0));
  try {
    check("connect", libc().connect(fd, address, address.length));
    return fd;
  } catch (error) {
    libc().close(fd);
    if ((error as SystemError).code === "EPROTOTYPE") return null;
    throw error;
  }
}
