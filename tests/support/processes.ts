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

/** Those of them that run a program of that name. */
export function childrenNamed(pid: number, name: string): number[] {
  return childrenOf(pid).filter((child) => {
    try {
      return Deno.readTextFileSync(`/proc/${child}/comm`) === `${name}\n`;
    } catch {
      return false; // it has ended meanwhile
    }
  });
}

/** How many open descriptors of ours lead into a folder. */
export function descriptorsIn(
  folder: string,
  pid: number | "self" = "self",
): number {
  let count = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    try {
      if (Deno.readLinkSync(`/proc/${pid}/fd/${name}`).startsWith(folder)) {
        count++;
      }
    } catch {
      // It was that of /proc/PID/fd.
    }
  }
  return count;
}
