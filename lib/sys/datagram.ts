/**
 * Sending to a unix socket as syslog(3) does: by datagram, or by stream where
 * the other side wants one. Deno's own needs a path of ours to send from.
 *
 * @module
 */
import { check, libc, SystemError } from "./libc.ts";
import {
  MSG_NOSIGNAL,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_STREAM,
} from "./numbers.ts";

const AF_UNIX = 1;
/** sun_path of unix(7), the closing NUL included. */
const pathBytesLimit = 108;

export class UnixSender {
  readonly #fd: number;
  readonly #isStream: boolean;

  /**
   * @param path one that starts with `@` is in the abstract name space, as
   *   sd_notify(3) writes it
   * @throws SystemError when nobody is there, or the path is too long
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
    this.#fd = fd;
  }

  /** @throws SystemError when the other side has gone */
  send(message: Uint8Array): void {
    // A stream has no ends of messages: syslog(3) marks them by a NUL.
    let bytes = new Uint8Array(message.length + (this.#isStream ? 1 : 0));
    bytes.set(message);
    while (bytes.length > 0) {
      const length = BigInt(bytes.length);
      const sent = libc().send(this.#fd, bytes, length, MSG_NOSIGNAL);
      bytes = bytes.subarray(check("send", sent));
    }
  }

  close(): void {
    libc().close(this.#fd);
  }
}

/** A connected socket; null if the other side is of another type. */
function connected(
  type: number,
  address: Uint8Array<ArrayBuffer>,
): number | null {
  const fd = check("socket", libc().socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  try {
    check("connect", libc().connect(fd, address, address.length));
    return fd;
  } catch (error) {
    libc().close(fd);
    if ((error as SystemError).code === "EPROTOTYPE") return null;
    throw error;
  }
}
