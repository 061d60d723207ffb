/**
 * The command line of rblsmtpd; also read by serve, for one in front of the
 * built-in smtpd.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import { readArguments, type Syntax } from "../lib/cli/command_line.ts";
import { flag, sections, value } from "../lib/cli/option.ts";
import { bytes, leadingDigits } from "../lib/cli/readers.ts";
import { type Given, UsageError } from "../lib/cli/scan.ts";
import { valuesOf } from "../lib/cli/values.ts";
import type { BlockList } from "../lib/wrappers/blocklists.ts";
import type { RblRequest } from "../lib/wrappers/in_process.ts";

const { groups, options } = sections({
  title: "Options",
  options: {
    block: value({
      short: "r",
      long: "block",
      value: "zone",
      help: "block who has a TXT record there; ZONE:TEXT, who has an A record",
      read: bytes,
      initial: null,
    }),
    allow: value({
      short: "a",
      long: "allow",
      value: "zone",
      help: "let in who has an A record there",
      read: bytes,
      initial: null,
    }),
    bounce: flag({
      short: "b",
      long: "bounce",
      help: "553 for those of the lists that follow",
    }),
    defer: flag({ short: "B", long: "defer", help: "451 for them (default)" }),
    failClosed: flag({
      short: "c",
      long: "fail-closed",
      help: "a list that cannot be asked blocks, of those that follow",
    }),
    failOpen: flag({
      short: "C",
      long: "fail-open",
      help: "it does not (default)",
    }),
    seconds: value({
      short: "t",
      long: "timeout",
      value: "seconds",
      help: "for a client that is blocked",
      read: leadingDigits,
      initial: 60,
    }),
  },
});

export const syntax: Syntax = {
  synopsis: ["[options] PROGRAM [ARG...]"],
  description: [
    "Runs PROGRAM, unless the client in $TCPREMOTEIP is to be blocked: then it " +
    "speaks a little SMTP itself, and refuses each recipient. $RBLSMTPD " +
    "decides where it is set (empty: let in; a text that starts with -: 553, " +
    "else 451), or else the lists do, in the order in which they are named.",
  ],
  groups,
};

const usage = "usage: rblsmtpd [ -b ] [ -R ] [ -t timeout ] [ -r base ] " +
  "[ -a base ] smtpd [ arg ... ]";

export interface RblCommand {
  readonly request: RblRequest;
  /** PROGRAM and its arguments. */
  readonly program: readonly string[];
}

/**
 * @returns null if `--help` was printed
 * @throws Fatal in rblsmtpd's words
 */
export function parseRblsmtpd(args: readonly string[]): RblCommand | null {
  try {
    const found = readArguments(syntax, args, "postern rblsmtpd");
    if (found === null) return null;
    if (found.operands.length === 0) throw new Fatal(100, usage);
    const { seconds } = valuesOf(options, found.given);
    return {
      request: { lists: listsOf(found.given), seconds },
      program: found.operands,
    };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const what = error.getopt ?? error.message;
    throw new Fatal(100, `${what}\n${usage}`);
  }
}

/** An option counts for what follows it. */
function listsOf(given: readonly Given[]): BlockList[] {
  const lists: BlockList[] = [];
  let bounces = false, failsClosed = false;
  for (const { long, text } of given) {
    if (long === "bounce" || long === "defer") bounces = long === "bounce";
    if (long === "fail-closed" || long === "fail-open") {
      failsClosed = long === "fail-closed";
    }
    if (long !== "block" && long !== "allow") continue;
    const [zone, ...rest] = bytes(text, false).split(":");
    const reason = rest.length === 0 || long === "allow"
      ? null
      : rest.join(":");
    lists.push({ kind: long, zone, text: reason, bounces, failsClosed });
  }
  return lists;
}
