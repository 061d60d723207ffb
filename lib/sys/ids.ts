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

/**
 * The user id of a name in /etc/passwd; null if there is none. Throws Deno's
 * errors when the file cannot be read.
 */
export const userId = (name: string): number | null =>
  idIn("/etc/passwd", name);

/** The same for a group in /etc/group. */
export const groupId = (name: string): number | null =>
  idIn("/etc/group", name);

/** Both files have the name first and the id third. */
function idIn(file: string, name: string): number | null {
  for (const line of Deno.readTextFileSync(file).split("\n")) {
    const fields = line.split(":");
    if (fields[0] === name && /^\d+$/.test(fields[2])) return Number(fields[2]);
  }
  return null;
}
