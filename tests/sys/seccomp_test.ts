/**
 * What the filter of system calls says to each, on machines that are not here
 * too: it is run by hand.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { FilterProgram } from "../../lib/sys/filter.ts";
import { callFilter } from "../../lib/sys/seccomp.ts";

const ALLOW = 0x7fff_0000, KILL = 0x8000_0000;
const EPERM = 0x5_0001, ENOSYS = 0x5_0026;

/** What a program of classic BPF gives for struct seccomp_data. */
function given(program: FilterProgram, data: Uint32Array): number {
  let word = 0;
  for (let at = 0; at < program.length; at++) {
    const [code, whenTrue, whenFalse, operand] = program[at];
    const jump = (holds: boolean) => at += holds ? whenTrue : whenFalse;
    switch (code) {
      case 0x20:
        word = data[operand / 4];
        break;
      case 0x54:
        word &= operand;
        break;
      case 0x15:
        jump(word === operand);
        break;
      case 0x35:
        jump(word >= operand);
        break;
      case 0x45:
        jump((word & operand) !== 0);
        break;
      case 0x06:
        return operand;
      default:
        throw new Error(`code ${code}`);
    }
  }
  throw new Error("it has no end");
}

const machines = [
  {
    arch: "x86_64",
    id: 0xc000_003e,
    read: 0,
    socket: 41,
    clone: 56,
    ioctl: 16,
    setuid: 105,
    execve: 59,
    ptrace: 101,
    x32: 0x4000_0000,
  },
  {
    arch: "aarch64",
    id: 0xc000_00b7,
    read: 63,
    socket: 198,
    clone: 220,
    ioctl: 29,
    setuid: 146,
    execve: 221,
    ptrace: 117,
    x32: 0x4000_0000,
  },
];

for (const machine of machines) {
  const program = callFilter(machine.arch, false)!;
  const says = (call: number, ...args: number[]) => {
    const data = new Uint32Array(16);
    data.set([call, machine.id]);
    args.forEach((value, i) => data[4 + 2 * i] = value);
    return given(program, data);
  };

  Deno.test(`${machine.arch}: calls are allowed, but for those of no use`, () => {
    const { read, execve, ptrace, setuid, x32 } = machine;
    assertEquals([read, execve].map((call) => says(call)), [ALLOW, ALLOW]);
    for (const call of [ptrace, setuid, 425, 428, 442, x32, x32 + read]) {
      assertEquals(says(call), EPERM, `${call}`);
    }
    assertEquals(says(435), ENOSYS);
    const other = new Uint32Array(16);
    other.set([read, 0x4000_0003]); // i386
    assertEquals(given(program, other), KILL);
  });

  Deno.test(`${machine.arch}: sockets of the families that are used`, () => {
    const { socket } = machine;
    const flags = 0o2004000; // close-on-exec, and does not block
    for (const family of [2, 10]) {
      assertEquals(says(socket, family, 1 | flags, 6), ALLOW);
      assertEquals(says(socket, family, 2 | flags, 17), ALLOW);
      assertEquals(says(socket, family, 3 | flags, 1), EPERM);
    }
    assertEquals(says(socket, 1, 5, 0), ALLOW);
    assertEquals(says(socket, 16, 3, 0), ALLOW);
    assertEquals(says(socket, 16, 3, 9), EPERM);
    for (const family of [0, 3, 17, 38, 40]) {
      assertEquals(says(socket, family, 1, 0), EPERM, `${family}`);
    }
  });

  Deno.test(`${machine.arch}: threads, but no namespaces; no typing`, () => {
    const { clone, ioctl } = machine;
    assertEquals(says(clone, 0x3d_0f00), ALLOW); // pthread_create's
    assertEquals(says(clone, 0x4111), ALLOW); // posix_spawn's
    for (const flag of [0x2_0000, 0x1000_0000, 0x4000_0000, 0x2000_0000]) {
      assertEquals(says(clone, flag | 17), EPERM, flag.toString(16));
    }
    assertEquals(says(ioctl, 0, 0x541b), ALLOW);
    assertEquals(says(ioctl, 0, 0x5412), EPERM);
    assertEquals(says(ioctl, 0, 0x541c), EPERM);
  });

  Deno.test(`${machine.arch}: whoever keeps capabilities may change ids`, () => {
    const keeps = callFilter(machine.arch, true)!;
    const data = new Uint32Array(16);
    data.set([machine.setuid, machine.id]);
    assertEquals(given(keeps, data), ALLOW);
    assert(keeps.length < program.length);
  });
}

Deno.test("there is none for a machine that nobody knows", () => {
  assertEquals(callFilter("riscv64", false), null);
});
