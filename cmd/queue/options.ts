/**
 * The options of postern queue; each of its subcommands takes some of them.
 *
 * @module
 */
import {
  flag,
  oneOf,
  sections,
  value,
  type Values,
} from "../../lib/cli/option.ts";
import { number } from "../../lib/cli/readers.ts";
import { formatOption } from "../format_option.ts";
import { queueTable } from "../queue_options.ts";

/** Which queues are looked into. */
export type Where = "dead" | "retry" | "ready";

export const { groups, options } = sections({
  title: "Where the queue is",
  manual: `Gates and drains have the same options.`,
  options: queueTable,
}, {
  title: "What is done",
  options: {
    wait: value({
      long: "wait",
      value: "seconds",
      help: "how long the brokers have to put a declaration on all disks",
      manual:
        `Dangerous below 60: all mail in a queue that was younger than 10 seconds
was lost in each power cut of all nodes that was tried.`,
      read: number(0, 3600),
      initial: 60,
    }),
    dryRun: flag({
      long: "dry-run",
      help: "say what would be done, and do nothing",
    }),
    yes: flag({
      long: "yes",
      help: "throw away what was named; without this drop does nothing",
    }),
    all: flag({
      long: "all",
      help: "all messages of the queue in place of some that are named",
    }),
    where: oneOf<Where>("dead", [
      [{ long: "dead", help: "those that nobody tries any more" }, "dead"],
      [
        { long: "retry", help: "those that rest until they are tried again" },
        "retry",
      ],
      [{
        long: "ready",
        help: "those that are to be delivered now",
        manual:
          `A look at one of these counts as one of the 1000 times that it may
come back from a drain before it is dead.`,
      }, "ready"],
    ]),
    most: value({
      long: "most",
      value: "n",
      help: "messages of each queue that are looked at, at most",
      read: number(1, 1_000_000),
      initial: 1000,
    }),
    text: flag({
      long: "text",
      help: "the message as it is, with all of its text, and nothing else",
    }),
    format: formatOption("for people, or JSON for programs"),
  },
});

export type QueueCommandOptions = Values<typeof options>;

/** What each subcommand takes. */
export const common = [
  "queuePrefix",
  "queueAuth",
  "queueCa",
  "queueManagement",
  "queueMembers",
  "queueSeconds",
] as const;
