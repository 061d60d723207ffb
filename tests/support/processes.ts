/**
 * Processes, as /proc shows them.
 *
 * @module
 */

/** Pids of the processes that a process has started, by whatever thread. */
export function childrenOf(pid: number): number[] {
  return [...Deno.readDirSync(`/proc/${pid}/task`)].flatMap(({ name }) =>
    Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`)
      .split(" ").filter(Boolean).map(Number)
  );
}
