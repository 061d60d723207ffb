/**
 * What postern queue can do: a row for each of its subcommands.
 *
 * @module
 */
import type { Action } from "../../lib/cli/actions.ts";
import { UsageError } from "../../lib/cli/scan.ts";
import { readAs } from "../../lib/cli/values.ts";
import type { QueueOptions } from "../../lib/queue/options.ts";
import { readQueueUrl, saidOfQueue } from "../queue_options.ts";
import { common, type QueueCommandOptions } from "./options.ts";

const queueAt = (text: string, said: QueueCommandOptions): QueueOptions =>
  saidOfQueue(readAs("URL", text, readQueueUrl), said);

/** Messages by their IDs, or all. */
function idsOf(
  ids: readonly string[],
  { all }: QueueCommandOptions,
): ReadonlySet<string> | null {
  if (all && ids.length > 0) throw new UsageError("--all leaves no ID to name");
  if (!all && ids.length === 0) {
    throw new UsageError("an ID is wanted, as list tells them, or --all");
  }
  return all ? null : new Set(ids);
}

export const actions: readonly Action<QueueCommandOptions>[] = [
  {
    name: "setup",
    synopsis: ["[options] URL"],
    summary: "declare the queues, wait until they are on all disks, and let " +
      "gates and drains use them",
    takes: [...common, "wait", "dryRun"],
    run: ([url, ...more], said, calledAs) =>
      url === undefined || more.length > 0
        ? null
        : import("./setup.ts").then(({ setUpFor }) =>
          setUpFor(queueAt(url, said), said, calledAs)
        ),
  },
  {
    name: "status",
    synopsis: ["[options] [--format json] URL"],
    summary: "tell whether all is as it has to be, and how full the queues are",
    takes: [...common, "format"],
    run: ([url, ...more], said) =>
      url === undefined || more.length > 0
        ? null
        : import("./status.ts").then(({ showStatus }) =>
          showStatus(queueAt(url, said), said)
        ),
  },
  {
    name: "list",
    synopsis: ["[options] [--dead|--retry|--ready] [--format json] URL"],
    summary: "list messages, those first that are due first, or are oldest",
    takes: [...common, "where", "most", "format"],
    run: ([url, ...more], said, calledAs) =>
      url === undefined || more.length > 0
        ? null
        : import("./messages.ts").then(({ listMessages }) =>
          listMessages(queueAt(url, said), said, calledAs)
        ),
  },
  {
    name: "show",
    synopsis: ["[options] [--dead|--retry|--ready] [--text] URL ID"],
    summary:
      "show a message: its envelope, what became of it so far, and its " +
      "header",
    takes: [...common, "where", "text", "format"],
    run: ([url, id, ...more], said, calledAs) =>
      id === undefined || more.length > 0
        ? null
        : import("./messages.ts").then(({ showMessage }) =>
          showMessage(queueAt(url, said), id, said, calledAs)
        ),
  },
  {
    name: "retry",
    synopsis: ["[options] [--dead|--retry] [--dry-run] URL ID...|--all"],
    summary:
      "put messages to be delivered at once, with five days as if they " +
      "had just come",
    takes: [...common, "where", "all", "dryRun"],
    run([url, ...ids], said, calledAs) {
      if (url === undefined) return null;
      if (said.where === "ready") {
        throw new UsageError("--ready: those are to be delivered anyway");
      }
      const queue = queueAt(url, said);
      const wanted = idsOf(ids, said);
      return import("./messages.ts").then(({ retryMessages }) =>
        retryMessages(queue, wanted, said, calledAs)
      );
    },
  },
  {
    name: "drop",
    synopsis: ["[options] [--dead|--retry|--ready] --yes URL ID...|--all"],
    summary: "throw messages away",
    takes: [...common, "where", "all", "dryRun", "yes"],
    run([url, ...ids], said, calledAs) {
      if (url === undefined) return null;
      const queue = queueAt(url, said);
      const wanted = idsOf(ids, said);
      if (!said.yes && !said.dryRun) {
        throw new UsageError(
          "drop throws mail away: --yes does it, --dry-run tells which",
        );
      }
      return import("./messages.ts").then(({ dropMessages }) =>
        dropMessages(queue, wanted, said, calledAs)
      );
    },
  },
];
