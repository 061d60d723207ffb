/**
 * The end of a program that was asked for a decision.
 *
 * @module
 */
import { waitFor } from "./children.ts";

/**
 * Waits for a child of ours, and kills it if it takes longer than `seconds`.
 *
 * @returns its raw wait status; null if it was too late
 */
export function ending(pid: number, seconds: number): Promise<number | null> {
  return new Promise((resolve) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      try {
        Deno.kill(pid, "SIGKILL"); // it is ours until waitFor has told
      } catch {
        resolve(null); // it is another user's now (setuid), and beyond us
      }
    }, seconds * 1000);
    waitFor(pid).then((status) => {
      clearTimeout(timer);
      resolve(late ? null : status);
    });
  });
}
