/**
 * Ending a listener that shares its port (SO_REUSEPORT) with others: when it
 * is closed, the kernel resets whoever was in its queue or half connected to
 * it. So first nobody new may come to it, and only then is it closed.
 *
 * @module
 */
import { isOurs, openDescriptors } from "./descriptors.ts";
import { libc } from "./libc.ts";
import { isListening } from "./listener.ts";

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const tcpFlagsOffset = 13; // RFC 9293 3.1
const SYN = 0x02;
const ACK = 0x10;

/**
 * A classic BPF program, as rows of struct sock_filter: code, jump if true,
 * jump if false, operand (linux/filter.h). Drops what asks for a connection.
 */
const dropSyn: readonly (readonly [number, number, number, number])[] = [
  [0x30, 0, 0, tcpFlagsOffset], // load a byte of the TCP header
  [0x54, 0, 0, SYN | ACK], // and
  [0x15, 0, 1, SYN], // if equal, go on; else skip one
  [0x06, 0, 0, 0], // keep nothing of it
  [0x06, 0, 0, 0xffffffff], // keep all of it
];

/**
 * From now on the kernel drops the first packet of new clients to any listener
 * of this process. They send it again a second later (RFC 6298 2.1), to
 * whoever listens by then. Those whose handshake is under way come through.
 * Best effort: where it fails, some are closed on as before.
 *
 * Not while a listener is another process's too: that would be deaf for ever.
 */
export function turnNewcomersAway(): void {
  const program = filterProgram();
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(program));
  const header = new Uint8Array(new ArrayBuffer(16)); // struct sock_fprog
  const view = new DataView(header.buffer);
  view.setUint16(0, dropSyn.length, true);
  view.setBigUint64(8, BigInt(address), true);
  for (const fd of listeners()) {
    libc().setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, header, header.length);
  }
  program.fill(0); // it had to be there until now
}

function filterProgram(): Uint8Array<ArrayBuffer> {
  const program = new Uint8Array(new ArrayBuffer(dropSyn.length * 8));
  const view = new DataView(program.buffer);
  for (const [i, [code, whenTrue, whenFalse, operand]] of dropSyn.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, whenTrue);
    view.setUint8(i * 8 + 3, whenFalse);
    view.setUint32(i * 8 + 4, operand, true);
  }
  return program;
}

/** Descriptors of ours that listen; Deno hides those of its own. */
function listeners(): number[] {
  return openDescriptors().filter((fd) => isOurs(fd) && isListening(fd));
}
