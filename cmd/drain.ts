/**
 * postern drain: delivers what is in a shared queue.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import { requestIn, type Syntax, wrongUsage } from "../lib/cli/command_line.ts";
import type { Scanned } from "../lib/cli/scan.ts";
import { readAs, valuesOf } from "../lib/cli/values.ts";
import type { DrainRequest } from "./drain/run.ts";
import { groups, options } from "./drain/options.ts";
import { readQueueUrl } from "./queue_options.ts";

const syntax: Syntax = {
  synopsis: ["[options] --deliver TARGET amqp[s]://HOST[,HOST...][/VHOST]"],
  description: [
    "Takes messages from a queue that gates have put them into (smtpd " +
    "--deliver amqp://...), and delivers them: to targets as smtpd has them, " +
    "again and again for up to five days. Any number of drains share a queue, " +
    "on any machines. A message comes at least once: where it can come twice " +
    "is told in postern-drain(8).",
  ],
  groups,
  notes: [
    "SIGTERM: takes nothing more, finishes what is under way, exit code 0. " +
    "SIGHUP: lists, secrets and log are opened again. Exit code: 100 if it is " +
    "asked for nonsense, 111 if the queue or a target cannot be used now.",
  ],
  habits: { permutes: true },
};

export const describe = () => syntax;

export async function run(args: string[], calledAs: string): Promise<number> {
  const request = requestIn(
    syntax,
    args,
    calledAs,
    (found) => requestOf(found, calledAs),
  );
  if (request === null) return 0;
  const { runDrain } = await import("./drain/run.ts");
  return await runDrain(request, calledAs);
}

function requestOf(
  { given, operands: [place, ...more] }: Scanned,
  calledAs: string,
): DrainRequest {
  if (place === undefined || more.length > 0) {
    throw wrongUsage(calledAs, "one URL of a queue is wanted");
  }
  const url = readAs("URL", place, readQueueUrl);
  const said = valuesOf(options, given);
  const isGiven = (name: string) => given.some(({ long }) => long === name);
  if (isGiven("maildir") && isGiven("deliver")) {
    throw wrongUsage(calledAs, "--maildir and --deliver exclude each other");
  }
  const deliver = said.maildir ?? said.deliver;
  if (deliver === null) {
    throw wrongUsage(calledAs, "--deliver TARGET is wanted");
  }
  if (said.relay !== null && said.rcpthosts === null) {
    throw wrongUsage(
      calledAs,
      "--relay goes with --rcpthosts, the domains that are not relayed",
    );
  }
  if (said.perDomain !== null && said.perDomain > said.concurrency) {
    throw new Fatal(100, "--per-domain is above --concurrency");
  }
  const relayConnections = isGiven("relay-connections")
    ? said.relayConnections
    : said.concurrency;
  return { ...said, url, deliver, relayConnections };
}
