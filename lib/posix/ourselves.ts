/**
 * What executes this program again.
 *
 * @module
 */
import { fromBytes } from "../bytes.ts";

/** Also when our file has been replaced meanwhile. */
export const ourPath = "/proc/self/exe";

/** Our argv, byte for byte. Throws where there is no /proc. */
export function ourArguments(): string[] {
  const commandLine = fromBytes(Deno.readFileSync("/proc/self/cmdline"));
  return commandLine.split("\0").slice(0, -1);
}
