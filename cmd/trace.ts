/**
 * postern trace: what became of a message, or of a client's messages, by the
 * mail logs of one gate or of several.
 *
 * @module
 */
import { requestIn, type Syntax, wrongUsage } from "../lib/cli/command_line.ts";
import { sections, value, ValueError } from "../lib/cli/option.ts";
import { bytes, word } from "../lib/cli/readers.ts";
import type { Scanned } from "../lib/cli/scan.ts";
import { valuesOf } from "../lib/cli/values.ts";
import { isOurId } from "../lib/trace/query.ts";
import { momentOf, moments } from "../lib/trace/since.ts";
import type { TraceRequest } from "./trace/answer.ts";

const formats = ["story", "lines", "json"] as const;

function moment(text: string): number {
  const found = momentOf(text, Date.now());
  if (found === null) throw new ValueError(moments);
  return found;
}

const { groups, options } = sections({
  title: "What is asked",
  manual: `All of it has to be true.`,
  options: {
    from: value({
      long: "from",
      value: "address",
      help: "messages of this sender; @domain for all of a domain",
      manual: `\`<>\` is the null sender.
Letters count in either case, here and for --to and --user.`,
      read: bytes,
      initial: null,
    }),
    to: value({
      long: "to",
      value: "address",
      help: "messages to this recipient, taken or refused; @domain for all",
      manual: `A line names ten recipients of a message at the most.`,
      read: bytes,
      initial: null,
    }),
    user: value({
      long: "user",
      value: "name",
      help: "log-ins and messages of this user",
      read: bytes,
      initial: null,
    }),
    client: value({
      long: "client",
      value: "address",
      help: "all of this client: an address, a range (10.0.0.0/8) or a name",
      read: bytes,
      initial: null,
    }),
    since: value({
      long: "since",
      value: "time",
      help: "from then on: a date, a time, 2h, 3d, today or yesterday",
      manual:
        `As in \`2026-11-25\` and \`2026-11-25T08:00\`, which is local time, and
\`2026-11-25T08:00Z\`.`,
      read: moment,
      initial: null,
    }),
    until: value({
      long: "until",
      value: "time",
      help: "and not later than this",
      read: moment,
      initial: null,
    }),
  },
}, {
  title: "What is printed",
  options: {
    format: value({
      long: "format",
      value: "format",
      words: formats,
      help: "sentences, the lines as they were logged, or an object for each",
      read: word(formats),
      initial: "story",
    }),
  },
});

const syntax: Syntax = {
  synopsis: ["[options] ID [FILE...]", "[options] --from ADDRESS [FILE...]"],
  description: [
    "Tells what became of a message, or of those of a sender, a recipient, a " +
    "user or a client, in order, by logs that serve --mail-log has written: " +
    "files, compressed by gzip or not, or stdin. Those of several gates are " +
    "told as one. ID is what the client heard after its message, and what " +
    "stands in the Received field; with an option that says what is asked " +
    "for, all operands are files.",
  ],
  groups,
  notes: [
    "Exit code: 0 if something was found, 1 if nothing was, 111 if a file " +
    "cannot be read.",
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
  const { answer } = await import("./trace/answer.ts");
  return await answer(request, calledAs);
}

function requestOf(
  { given, operands }: Scanned,
  calledAs: string,
): TraceRequest {
  const { format, since, until, ...asked } = valuesOf(options, given);
  const isAsked = Object.values(asked).some((each) => each !== null);
  const isTimed = since !== null || until !== null;
  // By a time alone everything is asked for, unless there is an ID.
  const hasId = !isAsked && (!isTimed || isOurId(operands[0] ?? ""));
  const [id, files] = hasId
    ? [operands[0] ?? null, operands.slice(1)]
    : [null, operands];
  if (hasId && id === null) {
    throw wrongUsage(calledAs, "an ID, or an option that says what, is wanted");
  }
  if (id === "") throw wrongUsage(calledAs, "the ID is empty");
  if (files.length === 0 && Deno.stdin.isTerminal()) {
    throw wrongUsage(calledAs, "name a log, or let one come by stdin");
  }
  return {
    format,
    files: files.length === 0 ? ["-"] : files,
    query: {
      ...asked,
      id: id === null ? null : bytes(id, false),
      sinceMs: since ?? -Infinity,
      untilMs: until ?? Infinity,
    },
  };
}
