/**
 * postern queue: sets up a queue that many machines share, and looks after it.
 *
 * @module
 */
import { act } from "../lib/cli/actions.ts";
import { actions } from "./queue/actions.ts";
import { options } from "./queue/options.ts";
import { syntax } from "./queue/syntax.ts";

export const describe = () => syntax;

export const run = (args: string[], calledAs: string): Promise<number> =>
  act(syntax, actions, options, args, calledAs);
