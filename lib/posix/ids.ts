/**
 * Giving up root for good.
 *
 * @module
 */
import { check, libc } from "./libc.ts";

/**
 * Drops to the given group, then user. 0 leaves that id as it is, as in
 * tcpserver; any drop also removes the supplementary groups. glibc applies
 * the change to every thread of the process.
 *
 * @throws SystemError naming the call that failed; the caller must then exit.
 */
export function dropGroup(gid: number, alsoUser: boolean): void {
  if (gid === 0 && !alsoUser) return;
  if (Deno.uid() === 0) {
    check("setgroups", libc().setgroups(0n, new Uint8Array(0)));
  }
  if (gid !== 0) check("setgid", libc().setgid(gid));
}

/** The second half of the drop; see {@linkcode dropGroup}. */
export function dropUser(uid: number): void {
  if (uid !== 0) check("setuid", libc().setuid(uid));
}
