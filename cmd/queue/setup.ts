/**
 * postern queue setup.
 *
 * @module
 */
import { complain, print } from "../../lib/cli/output.ts";
import type { QueueOptions } from "../../lib/queue/options.ts";
import { setUp } from "../../lib/queue/setup.ts";
import { asking, findingLines } from "./asking.ts";
import type { QueueCommandOptions } from "./options.ts";

/** Resolves to the exit code; throws Fatal. */
export async function setUpFor(
  queue: QueueOptions,
  { wait, dryRun }: Pick<QueueCommandOptions, "wait" | "dryRun">,
  calledAs: string,
): Promise<number> {
  const isSeen = Deno.stderr.isTerminal();
  const write = (text: string) =>
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  const obstacles = await asking(queue, () =>
    setUp(queue, {
      waitSeconds: wait,
      isDry: dryRun,
      tell: (line) => print(line),
      tick(left) {
        if (isSeen) {
          write(
            left === 0 ? "\r\x1b[K" : `\r${calledAs}: until it is on all ` +
              `disks: ${left} seconds \x1b[K`,
          );
        } else if (left > 0 && left === wait) {
          print(`waiting ${left} seconds until that is on all disks`);
        }
      },
    }));
  if (obstacles.length === 0) return 0;
  complain(`${calledAs}: the queue is not set up:`);
  for (const each of obstacles) complain(findingLines(each).join("\n"));
  return 1;
}
