/**
 * Giving up root for good.
 *
 * @module
 */
import { cString } from "./files.ts";
import { check, libc } from "./libc.ts";
import { O_CLOEXEC, O_NONBLOCK } from "./numbers.ts";

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

/** Numbers of the calls that glibc makes on all threads at once. */
const calls = Deno.build.arch === "aarch64"
  ? { setfsuid: 151n, setfsgid: 152n, setgroups: 159n }
  : { setfsuid: 122n, setfsgid: 123n, setgroups: 116n };

/**
 * Whether a file could be read after {@linkcode dropGroup} and
 * {@linkcode dropUser}: root tries it, on this thread alone.
 */
export function couldRead(path: string, gid: number, uid: number): boolean {
  const most = check("getgroups", libc().getgroups(0, null));
  const groups = new Uint32Array(new ArrayBuffer(Math.max(1, most) * 4));
  const bytes = new Uint8Array(groups.buffer);
  const count = check("getgroups", libc().getgroups(most, bytes));
  const ownGid = Deno.gid() ?? 0;
  libc().setThreadGroups(calls.setgroups, 0n, bytes);
  if (gid !== 0) libc().setfsid(calls.setfsgid, gid);
  if (uid !== 0) libc().setfsid(calls.setfsuid, uid);
  const fd = libc().open(cString(path), O_CLOEXEC | O_NONBLOCK);
  if (fd >= 0) libc().close(fd);
  libc().setfsid(calls.setfsuid, 0);
  libc().setfsid(calls.setfsgid, ownGid);
  libc().setThreadGroups(calls.setgroups, BigInt(count), bytes);
  return fd >= 0;
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
