/**
 * Who listens on this machine, by /proc.
 *
 * @module
 */
import { addressOfBytes } from "../base/ip.ts";
import { namesIn, textOf } from "./words.ts";

export interface Listening {
  readonly ip: string;
  readonly port: number;
  readonly uid: number;
  readonly inode: string;
}

/** The state of a listening socket in /proc/net/tcp. */
const listenState = "0A";

/** All sockets that listen for TCP. */
export function listenings(): Listening[] {
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) =>
    (textOf(path) ?? "").split("\n").slice(1).flatMap((line) => {
      const [, local, , state, , , , uid, , inode] = line.trim().split(/\s+/);
      if (state !== listenState) return [];
      const [address, port] = local.split(":");
      return [{
        ip: ipOf(address),
        port: parseInt(port, 16),
        uid: Number(uid),
        inode,
      }];
    })
  );
}

/** The kernel writes words of 32 bits, in the order of this machine. */
function ipOf(hex: string): string {
  const bytes = Uint8Array.from(
    hex.match(/../g)!.map((each) => parseInt(each, 16)),
  );
  for (let at = 0; at < bytes.length; at += 4) {
    bytes.subarray(at, at + 4).reverse();
  }
  return addressOfBytes(bytes);
}

/** Whether a socket bound to one could not be beside one bound to the other. */
export function overlaps(one: string, other: string): boolean {
  if (one === other || one === "::" || other === "::") return true;
  const v4 = [one, other].every((ip) => !ip.includes(":"));
  return v4 && [one, other].includes("0.0.0.0");
}

export interface Process {
  readonly pid: number;
  readonly args: readonly string[];
}

/** Each process that has a socket; none where we may not look. */
export function ownersOf(inode: string): Process[] {
  const link = `socket:[${inode}]`;
  return processIds().filter((pid) =>
    namesIn(`/proc/${pid}/fd`).some((fd) =>
      linkOf(`/proc/${pid}/fd/${fd}`) === link
    )
  ).map((pid) => ({ pid, args: argumentsOf(pid) }));
}

export const processIds = (): number[] =>
  namesIn("/proc").filter((name) => /^\d+$/.test(name)).map(Number);

/** Its argv; everybody may read it. */
export const argumentsOf = (pid: number): string[] =>
  (textOf(`/proc/${pid}/cmdline`) ?? "").split("\0").slice(0, -1);

export function linkOf(path: string): string | null {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return null; // it has gone, or is another user's
  }
}
