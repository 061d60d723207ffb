/**
 * Ending a listener that shares its port (SO_REUSEPORT) with others: when it
 * is closed, the kernel resets whoever was in its queue or half connected to
 * it. So first nobody new may come to it, and only then is it closed.
 *
 * @module
 */
import { attachFilter, type FilterProgram } from "./filter.ts";
import { libc } from "./libc.ts";

const SO_ATTACH_FILTER = 26;
const IPPROTO_IP = 0, IP_MINTTL = 21;
const IPPROTO_IPV6 = 41, IPV6_MINHOPCOUNT = 73;
const tcpFlagsOffset = 13; // RFC 9293 3.1
const SYN = 0x02;
const ACK = 0x10;

/** Drops what asks for a connection. */
const dropSyn: FilterProgram = [
  [0x30, 0, 0, tcpFlagsOffset], // load a byte of the TCP header
  [0x54, 0, 0, SYN | ACK], // and
  [0x15, 0, 1, SYN], // if equal, go on; else skip one
  [0x06, 0, 0, 0], // keep nothing of it
  [0x06, 0, 0, 0xffffffff], // keep all of it
];

/**
 * From now on the kernel drops the first packet of new clients to these
 * listening sockets. They send it again a second later (RFC 6298 2.1), to
 * whoever listens by then. Those whose handshake is under way come through.
 * Best effort: where it fails, some are closed on as before.
 *
 * Not while a listener is another process's too: that would be deaf for ever.
 */
export function turnNewcomersAway(listeners: readonly number[]): void {
  for (const fd of listeners) {
    if (!attachFilter(fd, SO_ATTACH_FILTER, dropSyn)) demandHops(fd, 255);
  }
}

/** To be called with what a listener gives then, which has it from there. */
export const letIn = (fd: number): void => demandHops(fd, 0);

/**
 * For kernels on which only CAP_NET_ADMIN may attach filters to listeners: a
 * packet that comes with less than this of its hop limit is dropped (ip(7)),
 * which nobody's is who began with 64 or 128. A handshake that is under way is
 * not looked at.
 */
function demandHops(fd: number, least: number): void {
  const value = new Uint8Array(4);
  value[0] = least;
  libc().setsockopt(fd, IPPROTO_IP, IP_MINTTL, value, 4);
  libc().setsockopt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, value, 4);
}
