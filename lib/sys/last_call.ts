/**
 * Ending a listener that shares its port (SO_REUSEPORT) with others: when it
 * is closed, the kernel resets whoever was in its queue or half connected to
 * it. So first nobody new may come to it, and only then is it closed.
 *
 * @module
 */
import { attachFilter, type FilterProgram } from "./filter.ts";

const SO_ATTACH_FILTER = 26;
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
  for (const fd of listeners) attachFilter(fd, SO_ATTACH_FILTER, dropSyn);
}
