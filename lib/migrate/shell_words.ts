/**
 * Commands of a shell that start nothing.
 *
 * @module
 */
import { type Word, written } from "./word.ts";

/** Commands that only tell, test or wait: nothing of a gate. */
export const quiet = new Set([
  ...[":", "[", "[[", "test", "true", "false", "echo", "printf", "exit"],
  ...["return", "sleep", "set", "trap", "shift", "wait", "read", "local"],
  ...["declare", "typeset", "break", "continue", "type", "hash"],
]);

/** Those that a client, or somebody else, would notice. */
export const telling = new Set([
  "exit",
  "return",
  "sleep",
  "wait",
  "echo",
  "printf",
]);

/** Limits of memory, and of the time of a process that runs for years. */
export const killing =
  /^-[SH]*[vdsmt] *\d|^(?:memoryuse|vmemoryuse|datasize|stacksize|cputime) *\d/;

/** Of a command that does something to what comes behind it. */
export const stays = (words: readonly Word[]): string =>
  `${words.map(written).join(" ")}: stays in the script, in front of the line`;
