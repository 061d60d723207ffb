/**
 * Which of the descriptors that we were started with somebody means.
 *
 * @module
 */
import { closeOnExec, isOurs } from "../sys/descriptors.ts";
import { closeInherited, namedDescriptors } from "../sys/inherited.ts";
import { attempt } from "./fatal.ts";
import type { ProcessOptions } from "./options.ts";
import { firstSocket, handedSockets } from "./readiness.ts";

/** Our stderr and those below, which programs have as well. */
const standard = 2;

/**
 * Closes all but those that our options or a supervisor name, and what this
 * process has taken up itself.
 *
 * @param config text of the --config file; null for none
 * @param isLast whether nothing but programs is executed from now on: what the
 *   options name as a path is not for them
 * @throws Fatal
 */
export function closeUnmeant(
  { readyFd }: ProcessOptions,
  config: string | null,
  isLast: boolean,
): void {
  const named = namedDescriptors([...Deno.args, config ?? ""]);
  const count = attempt("use LISTEN_FDS", handedSockets);
  const sockets = Array.from({ length: count }, (_, i) => firstSocket + i);
  closeInherited([...named, ...sockets, readyFd ?? standard]);
  if (!isLast) return;
  for (const fd of named) if (fd > standard && !isOurs(fd)) closeOnExec(fd);
}
