/**
 * Classic BPF programs, which the kernel runs for a socket's packets.
 *
 * @module
 */
import { libc } from "./libc.ts";
import { SOL_SOCKET } from "./numbers.ts";

/**
 * Rows of struct sock_filter: code, jump if true, jump if false, operand
 * (linux/filter.h).
 */
export type FilterProgram =
  readonly (readonly [number, number, number, number])[];

/** Best effort: a kernel that refuses leaves the socket as it was. */
export function attachFilter(
  fd: number,
  option: number,
  rows: FilterProgram,
): void {
  const program = new Uint8Array(new ArrayBuffer(rows.length * 8));
  const view = new DataView(program.buffer);
  for (const [i, [code, whenTrue, whenFalse, operand]] of rows.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, whenTrue);
    view.setUint8(i * 8 + 3, whenFalse);
    view.setUint32(i * 8 + 4, operand, true);
  }
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(program));
  const header = new Uint8Array(new ArrayBuffer(16)); // struct sock_fprog
  const headerView = new DataView(header.buffer);
  headerView.setUint16(0, rows.length, true);
  headerView.setBigUint64(8, BigInt(address), true);
  libc().setsockopt(fd, SOL_SOCKET, option, header, header.length);
  program.fill(0); // it had to be there until now
}
