/**
 * Giving up what only the start needed.
 *
 * @module
 */
import {
  CAP_NET_BIND_SERVICE,
  CAP_SETGID,
  CAP_SETPCAP,
  CAP_SETUID,
  dropAll,
  dropBounding,
  keepOnly,
} from "../sys/capabilities.ts";
import { dropGroup, dropUser } from "../sys/ids.ts";
import type { Block } from "./block.ts";
import { attempt } from "./fatal.ts";
import type { ProcessOptions } from "./options.ts";

const S_ISUID = 0o4000;
/** Of no more use once the port is bound and the ids are what they are to be. */
const forTheStart = [
  CAP_SETGID,
  CAP_SETUID,
  CAP_SETPCAP,
  CAP_NET_BIND_SERVICE,
].reduce((set, each) => set | 1n << BigInt(each), 0n);

/** Throws Fatal. */
export function dropIds({ gid, uid }: ProcessOptions): void {
  attempt("set gid", () => dropGroup(gid, uid !== 0));
  attempt("set uid", () => dropUser(uid));
}

/**
 * Gives up the ids, and under all names but tcpserver's what capabilities could
 * reach a program or be had by one. A user who was given some (systemd's
 * AmbientCapabilities=) keeps for this process what may be meant for its work,
 * such as files of others.
 *
 * @throws Fatal
 */
export function dropPrivileges(
  options: ProcessOptions,
  blocks: readonly Block[],
): void {
  const { uid } = options;
  if (blocks[0].options.classic) return dropIds(options);
  if (uid !== 0 && !mayStartRoot(blocks)) dropBounding(); // as far as we may
  dropIds(options);
  if (Deno.uid() === 0) return; // whose programs may want all that root has
  attempt("drop capabilities", () => {
    if (uid !== 0) dropAll();
    else keepOnly(~forTheStart);
  });
}

/**
 * Whether one of the words is a set-uid program of root's, such as a
 * checkpassword: without the bounding set it would be root in name only.
 */
function mayStartRoot(blocks: readonly Block[]): boolean {
  const words = blocks.flatMap(({ options }) => options.program)
    .concat(["QMAILQUEUE", "RCPTCHECK"].map((name) => Deno.env.get(name) ?? ""))
    .flatMap((word) => word.split(/[=:\s]+/));
  return words.filter((word) => word.includes("/")).some(isSetUidRoot);
}

function isSetUidRoot(path: string): boolean {
  try {
    const { mode, uid } = Deno.statSync(path);
    return uid === 0 && (mode! & S_ISUID) !== 0;
  } catch {
    return false; // it is none
  }
}
