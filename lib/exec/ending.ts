/**
 * The end of a program that was asked for a decision.
 *
 * @module
 */
import { waitFor } from "../posix/spawn.ts";

/**
 * Waits for a child of ours, and kills it if it takes longer than `seconds`.
 *
 * @returns its raw wait status; null if it was too late
 */
export async function ending(
  pid: number,
  seconds: number,
): Promise<number | null> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    Deno.kill(pid, "SIGKILL"); // it is ours until waitFor has told
  }, seconds * 1000);
  const status = await waitFor(pid);
  clearTimeout(timer);
  return late ? null : status;
}
