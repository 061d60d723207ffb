/**
 * What `serve --check` says, in a process that has the environment, the folder
 * and the ids of a service, and leaves nothing behind.
 *
 * @module
 */
import { isFatal } from "../../lib/base/fatal.ts";
import { checkBlocks } from "../../lib/process/check.ts";
import { withoutFatal } from "../../lib/process/fatal.ts";
import { blocksOf } from "../serve.ts";
import { configOf } from "../serve/requests.ts";
import { parseCommand } from "../serve_options.ts";

/** How a check is to be done, in the variable POSTERN_DOCTOR. */
export interface CheckRequest {
  readonly calledAs: string;
  readonly mayAskDns: boolean;
}

/** Lines, of which there are none where all is well. */
export async function check(
  args: readonly string[],
  { calledAs, mayAskDns }: CheckRequest,
): Promise<string[]> {
  try {
    const command = parseCommand(args, calledAs);
    if (command === null) return [];
    const checking = { ...command, check: true };
    const blocks = await blocksOf(checking, await configOf(checking));
    return await checkBlocks(blocks, blocks[0].options, {
      leavesNoTrace: true,
      mayAskDns,
    });
  } catch (error) {
    if (!isFatal(error)) throw error;
    return [withoutFatal(error.message.split("\n")[0])];
  }
}
