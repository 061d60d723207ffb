/**
 * Two ends of a connection in one process, as plain descriptors that do not
 * block: what a test does with the one is there for the other at once.
 *
 * @module
 */
import { closeDescriptor } from "../../lib/sys/descriptors.ts";
import { check, errno, libc } from "../../lib/sys/libc.ts";
import {
  AF_INET,
  EAGAIN,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  O_CLOEXEC,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../lib/sys/numbers.ts";

const AF_UNIX = 1;
const SO_LINGER = 13;
const SHUT_WR = 1;
const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

const { symbols: { dup3, socketpair } } = Deno.dlopen("libc.so.6", {
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
});

export interface SocketPair {
  readonly ours: number;
  readonly peer: number;
}

export function unixPair(): SocketPair {
  const ends = new Int32Array(new ArrayBuffer(8));
  const bytes = new Uint8Array(ends.buffer);
  check("socketpair", socketpair(AF_UNIX, type, 0, bytes));
  return { ours: ends[0], peer: ends[1] };
}

/** A connection to ourselves; the port is the system's choice. */
export function tcpPair(): SocketPair {
  const address = new Uint8Array(new ArrayBuffer(16)); // sockaddr_in
  address[0] = AF_INET;
  address.set([127, 0, 0, 1], 4);
  const length = new Uint8Array(new Uint32Array([16]).buffer);
  const listening = check("socket", libc().socket(AF_INET, type, 0));
  try {
    check("bind", libc().bind(listening, address, 16));
    check("listen", libc().listen(listening, 1));
    check("getsockname", libc().getsockname(listening, address, length));
    const peer = check("socket", libc().socket(AF_INET, type, 0));
    libc().connect(peer, address, 16); // EINPROGRESS, and there at once
    const flags = SOCK_CLOEXEC;
    const ours = libc().accept4(listening, address, length, flags);
    return { ours: check("accept", ours), peer };
  } finally {
    closeDescriptor(listening);
  }
}

/**
 * Closes a descriptor and gives its number to a copy of another, with no gap
 * in which a test that runs at the same time could get it.
 */
export function replace(fd: number, by: number): void {
  check("dup3", dup3(by, fd, O_CLOEXEC));
}

/** What a peer has to read now, up to a limit; `ended`, or `reset`. */
export function receive(
  fd: number,
  limit: number,
): Uint8Array<ArrayBuffer> | "ended" | "reset" {
  const bytes = new Uint8Array(new ArrayBuffer(limit));
  const n = libc().recv(fd, bytes, limit, MSG_DONTWAIT);
  if (n < 0) return errno() === EAGAIN ? bytes.subarray(0, 0) : "reset";
  return n === 0 ? "ended" : bytes.subarray(0, n);
}

/** @returns how many bytes were taken: 0 where there is no room or no peer */
export function send(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  return Math.max(0, libc().send(fd, bytes, bytes.length, flags));
}

/** Nothing more will be sent; what comes is still received. */
export function endSending(fd: number): void {
  libc().shutdown(fd, SHUT_WR);
}

/** Closes a TCP connection by a reset. */
export function reset(fd: number): void {
  const atOnce = new Uint8Array(new Int32Array([1, 0]).buffer);
  check("linger", libc().setsockopt(fd, SOL_SOCKET, SO_LINGER, atOnce, 8));
  closeDescriptor(fd);
}

/**
 * What a descriptor stands for, by a name that no other has. Numbers are used
 * again, also by tests that run at the same time.
 */
export const nameOf = (fd: number): string =>
  Deno.readLinkSync(`/proc/self/fd/${fd}`);

/** The names of all that this process has open. */
export function openNames(): Set<string> {
  const names = new Set<string>();
  for (const { name: fd } of Deno.readDirSync("/proc/self/fd")) {
    try {
      names.add(nameOf(Number(fd)));
    } catch {
      // It was the folder's own.
    }
  }
  return names;
}
