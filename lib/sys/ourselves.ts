/**
 * What executes this program again.
 *
 * @module
 */
import { bytesOf, fromBytes } from "../base/bytes.ts";

const running = "/proc/self/exe";
/** The kernel's mark of a file that has no name any more. */
const gone = / \(deleted\)$/;
/** Our own file when we were executed. */
export const startedFrom = fileOf(running);

/**
 * Our own file; where it has been replaced meanwhile, what stands in its place.
 * The runtime opens its file by name to find our code, so that one without a
 * name would be executed in vain.
 */
export function ourPath(): string {
  return gone.test(fileOf(running)) ? startedFrom : running;
}

function fileOf(link: string): string {
  try {
    // As a byte string, like all that is executed.
    return bytesOf(Deno.readLinkSync(link));
  } catch {
    return link; // there is no /proc
  }
}

/** Our argv, byte for byte. Throws where there is no /proc. */
export function ourArguments(): string[] {
  const commandLine = fromBytes(Deno.readFileSync("/proc/self/cmdline"));
  return commandLine.split("\0").slice(0, -1);
}
