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

/** Whether the kernel took it; where it refuses, the socket is as it was. */
export function attachFilter(
  fd: number,
  option: number,
  rows: FilterProgram,
): boolean {
  return withProgram(
    rows,
    (header) =>
      libc().setsockopt(fd, SOL_SOCKET, option, header, header.length) === 0,
  );
}

/** @param act gets a struct sock_fprog, which is there until it returns */
export function withProgram<T>(
  rows: FilterProgram,
  act: (header: Uint8Array<ArrayBuffer>) => T,
): T {
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
  const result = act(header);
  program.fill(0); // it had to be there until now
  return result;
}
