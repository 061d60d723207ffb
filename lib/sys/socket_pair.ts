/**
 * Two sockets that are connected with each other: a channel to a child.
 *
 * @module
 */
import { check, libc } from "./libc.ts";
import { SOCK_CLOEXEC, SOCK_STREAM } from "./numbers.ts";

const AF_UNIX = 1;

/** Both close-on-exec. Throws SystemError. */
export function socketPair(): { ours: number; theirs: number } {
  const ends = new Int32Array(new ArrayBuffer(8));
  const bytes = new Uint8Array(ends.buffer);
  check(
    "socketpair",
    libc().socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, bytes),
  );
  return { ours: ends[0], theirs: ends[1] };
}
