/**
 * The shells that there is completion for.
 *
 * @module
 */
import { bash } from "./bash.ts";
import type { Completed } from "./completed.ts";
import { fish } from "./fish.ts";
import { zsh } from "./zsh.ts";

export const shells: Readonly<
  Record<string, (main: string, commands: readonly Completed[]) => string>
> = { bash, zsh, fish };
