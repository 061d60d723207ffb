/**
 * postern splogger, and splogger: lines of stdin to syslog.
 *
 * @module
 */
import {
  orFatal,
  readArguments,
  type Syntax,
  wrongUsage,
} from "../lib/cli/command_line.ts";
import { flag, sections, value } from "../lib/cli/option.ts";
import { complain } from "../lib/cli/output.ts";
import { path, word } from "../lib/cli/readers.ts";
import { readAs, valuesOf } from "../lib/cli/values.ts";
import { LogLines, type Message, rfc3164, rfc5424 } from "../lib/log/syslog.ts";
import { SyslogSender } from "../lib/log/syslog_sender.ts";
import { facilityOf, mail } from "./facility.ts";

const formats = ["rfc3164", "rfc5424"] as const;

const { groups, options } = sections({
  title: "Options",
  options: {
    socket: value({
      long: "socket",
      value: "path",
      help: "where syslogd listens",
      read: path,
      initial: "/dev/log",
    }),
    format: value({
      long: "format",
      value: "format",
      words: formats,
      help: "how a message is written",
      read: word(formats),
      initial: "rfc3164",
    }),
    stderr: flag({ long: "stderr", help: "write the lines to stderr too" }),
  },
});

const syntax: Syntax = {
  synopsis: ["[options] [TAG [FACILITY]]"],
  description: [
    "Sends each line of stdin to syslog, with TAG (splogger) and FACILITY (2, " +
    "mail; a number). Lines that start with alert: or warning: have that " +
    "priority, others info. While nobody listens on the socket the latest " +
    "lines are kept, and sent when somebody does.",
  ],
  groups,
  habits: { longOnly: true },
};

const defaultTag = "splogger";

export const describe = () => syntax;

export async function run(args: string[], calledAs: string): Promise<number> {
  const isClassic = calledAs === "splogger";
  const request = orFatal(calledAs, () => {
    const found = readArguments(syntax, args, calledAs);
    if (found === null) return null;
    const [tag = defaultTag, facility = String(mail), ...more] = found.operands;
    // That one never looked at more than two.
    if (more.length > 0 && !isClassic) {
      throw wrongUsage(calledAs, "TAG and FACILITY are all it takes");
    }
    return {
      ...valuesOf(options, found.given),
      tag: tag.replace(/[^\x21-\x7e]/g, "?"),
      facility: readAs("FACILITY", facility, facilityOf, {
        classic: isClassic,
      }),
    };
  });
  if (request === null) return 0;
  const { format, facility, tag, stderr, socket } = request;
  const host = format === "rfc5424" ? Deno.hostname() : "";
  const render = (message: Message) =>
    format === "rfc3164"
      ? rfc3164(message, facility, tag)
      : rfc5424(message, facility, tag, host, Deno.pid);
  const sender = new SyslogSender(socket);
  const lines = new LogLines(() => performance.timeOrigin + performance.now());
  const carry = async (messages: Message[]) => {
    for (const message of messages) {
      await sender.send(render(message));
      if (stderr) complain(message.text);
    }
  };
  const buffer = new Uint8Array(65536);
  for (;;) {
    const n = await Deno.stdin.read(buffer);
    if (n === null) break;
    await carry(lines.feed(buffer.subarray(0, n)));
  }
  await carry(lines.end());
  if (!await sender.close()) {
    complain(
      `${calledAs}: warning: lines were lost, nobody listens on ${socket}`,
    );
  }
  return 0;
}
