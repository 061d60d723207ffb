/**
 * Of several processes that share a port (SO_REUSEPORT) all connections of one
 * client go to the same one, so that what it counts is the client's all. The
 * kernel's own choice takes the client's port into account.
 *
 * @module
 */
import { attachFilter, type FilterProgram } from "./filter.ts";
import { libc } from "./libc.ts";
import { SOL_SOCKET } from "./numbers.ts";

const SO_ATTACH_REUSEPORT_CBPF = 51;
const SO_DETACH_REUSEPORT_BPF = 68;
/** Offsets from the IP header, not from the packet's data (linux/filter.h). */
const SKF_NET_OFF = 0xfff00000;
/** Where it has the source: RFC 791 3.1, RFC 8200 3. */
const source4 = SKF_NET_OFF + 12, source6 = SKF_NET_OFF + 8;
/** 2^32 by the golden ratio, whose multiples are spread evenly. */
const spread = 0x9e3779b1;

/**
 * The number of a process, of those that share. A client is an IPv4 address or
 * an IPv6 /64, as in `clientKey`.
 */
function choice(count: number): FilterProgram {
  return [
    [0x30, 0, 0, SKF_NET_OFF], // load the first byte
    [0x74, 0, 0, 4], // shift right: the version
    [0x15, 0, 2, 4], // if equal, go on; else skip two
    [0x20, 0, 0, source4], // load 32 bits
    [0x05, 0, 0, 4], // skip four
    [0x20, 0, 0, source6],
    [0x07, 0, 0, 0], // to the other register
    [0x20, 0, 0, source6 + 4],
    [0xac, 0, 0, 0], // exclusive or
    [0x24, 0, 0, spread], // multiply
    [0x74, 0, 0, 16], // shift right
    [0x94, 0, 0, count], // modulo
    [0x16, 0, 0, 0], // return it
  ];
}

/**
 * Keeps them together at a listening socket of this process. While there are
 * fewer processes than `count` the kernel chooses for some clients.
 *
 * Best effort: where it fails, each process counts for itself.
 */
export function keepClientsTogether(listener: number, count: number): void {
  attachFilter(listener, SO_ATTACH_REUSEPORT_CBPF, choice(count));
}

/** Leaves clients to the kernel, whatever a gate that we take over from chose. */
export function letClientsPart(listener: number): void {
  const unused = new Uint8Array(4);
  libc().setsockopt(listener, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, unused, 4);
}
