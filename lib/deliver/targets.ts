/**
 * The kinds of target there are: a row and a file for each.
 *
 * @module
 */
import { discardRow } from "./discard.ts";
import { maildirRow } from "./maildir.ts";
import { lmtpRow, smartHostRow } from "./next_hop.ts";
import { qmailQueueRow } from "./qmail_queue.ts";
import { sharedQueueRows } from "./shared_queue.ts";
import type { TargetMaker, TargetRow } from "./target_row.ts";

/** In the order that help texts have. */
export const targetRows: readonly TargetRow[] = [
  qmailQueueRow,
  maildirRow,
  lmtpRow,
  smartHostRow,
  ...sharedQueueRows,
  discardRow,
];

/** `a, b or c` of all the ways to name a target. */
export const targetUsage: string = targetRows.map(({ usage }) => usage)
  .join(", ").replace(/, ([^,]*)$/, " or $1");

/** The same target, its paths named from / on. Throws as readTarget. */
export function targetFromFolder(text: string, folder: string): string {
  readTarget(text);
  const [, name, argument] = /^([^:]*)(?::(.*))?$/s.exec(text)!;
  const row = targetRows.find((each) => each.name === name)!;
  return argument === undefined || row.fromFolder === undefined
    ? text
    : `${name}:${row.fromFolder(argument, folder)}`;
}

/**
 * Understands `NAME` or `NAME:ARGUMENT`.
 *
 * @throws Error whose message goes on after the option's name
 */
export function readTarget(text: string): TargetMaker {
  const [, name, argument] = /^([^:]*)(?::(.*))?$/s.exec(text)!;
  const row = targetRows.find((each) => each.name === name);
  if (row === undefined) {
    throw new Error(`wants ${targetUsage}, not ${JSON.stringify(text)}`);
  }
  try {
    const make = row.read(argument ?? null);
    return (context) => Object.assign(make(context), { name: text });
  } catch (error) {
    const shown = text.replace(/(:\/\/)[^@/]*@/, "$1...@"); // a password
    throw new Error(`cannot use ${shown}: ${(error as Error).message}`);
  }
}
