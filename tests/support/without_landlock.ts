/**
 * Runs a program as a kernel would that has no Landlock.
 *
 *     without_landlock.ts PROGRAM [ARG...]
 *
 * @module
 */
import { type FilterProgram, withProgram } from "../../lib/sys/filter.ts";
import { libc } from "../../lib/sys/libc.ts";
import { fill } from "../../lib/sys/spawn.ts";

const ENOSYS = 38;
const PR_SET_SECCOMP = 22, PR_SET_NO_NEW_PRIVS = 38;
const filter: FilterProgram = [
  [0x20, 0, 0, 0], // the call's number
  [0x15, 0, 1, 444], // landlock_create_ruleset
  [0x06, 0, 0, 0x0005_0000 | ENOSYS],
  [0x06, 0, 0, 0x7fff_0000],
];

libc().prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n);
withProgram(filter, (header) => {
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(header));
  libc().prctl(PR_SET_SECCOMP, 2n, BigInt(address), 0n, 0n);
});
const { path, argv } = fill({ path: Deno.args[0], args: Deno.args, env: [] });
libc().execv(path, argv);
throw new Error(`cannot run ${Deno.args[0]}`);
