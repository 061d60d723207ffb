/**
 * postern splogger, and splogger: lines of stdin to syslog.
 *
 * @module
 */
import { requestIn, type Syntax, wrongUsage } from "../lib/cli/command_line.ts";
import { flag, sections, value } from "../lib/cli/option.ts";
import { complain } from "../lib/cli/output.ts";
import { path, word } from "../lib/cli/readers.ts";
import { readAs, valuesOf } from "../lib/cli/values.ts";
import { StderrCopy } from "../lib/log/stderr_copy.ts";
import { LogLines, type Message, rfc3164, rfc5424 } from "../lib/log/syslog.ts";
import { SyslogSender } from "../lib/log/syslog_sender.ts";
import { WallClock } from "../lib/log/wall_clock.ts";
import { outliveLimits } from "../lib/sys/signals.ts";
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
    "Sends each line of stdin to syslog, with TAG (splogger) and FACILITY " +
    "(mail; another name as of syslog(3), or a number). Lines that start with " +
    "alert: or warning: have that priority, others info. While nobody listens " +
    "on the socket the latest lines are kept, and sent when somebody does; " +
    "how many were lost by then is said before them.",
    "rfc3164 is printable ASCII, dated in local time; rfc5424 keeps UTF-8. The " +
    "socket that rsyslog makes by itself takes rfc5424 only with " +
    "UseSpecialParser off.",
  ],
  groups,
  habits: { longOnly: true },
};

const defaultTag = "splogger";

export const describe = () => syntax;

export async function run(args: string[], calledAs: string): Promise<number> {
  const isClassic = calledAs === "splogger";
  const request = requestIn(syntax, args, calledAs, ({ given, operands }) => {
    const [tag = defaultTag, facility = String(mail), ...more] = operands;
    // That one never looked at more than two.
    if (more.length > 0 && !isClassic) {
      throw wrongUsage(calledAs, "TAG and FACILITY are all it takes");
    }
    return {
      ...valuesOf(options, given),
      tag: tag.replace(/[^\x21-\x7e]/g, "?"),
      facility: readAs("FACILITY", facility, facilityOf, {
        classic: isClassic,
      }),
    };
  });
  if (request === null) return 0;
  outliveLimits(); // of stderr, when it is a file
  const { format, facility, tag, stderr, socket } = request;
  const host = format === "rfc5424" ? Deno.hostname() : "";
  const render = (message: Message) =>
    format === "rfc3164"
      ? rfc3164(message, facility, tag)
      : rfc5424(message, facility, tag, host, Deno.pid);
  const charset = format === "rfc5424" ? "utf8" : "ascii";
  const lines = new LogLines(new WallClock().now, charset);
  const sender = new SyslogSender(socket, (count) =>
    render(
      lines.warning(`${counted(count)} lost, nobody listened on ${socket}`),
    ));
  const copy = new StderrCopy((count) =>
    lines.warning(`${counted(count)} lost here, nobody read them`).text
  );
  const carry = async (messages: Message[]) => {
    for (const message of messages) {
      await sender.send(render(message), message.isLater);
      if (stderr) await copy.line(message.text);
    }
  };
  const buffer = new Uint8Array(65536);
  for (;;) {
    const n = await Deno.stdin.read(buffer);
    if (n === null) break;
    await carry(lines.feed(buffer.subarray(0, n)));
  }
  await carry(lines.end());
  const lost = await sender.close();
  await copy.close();
  if (lost > 0) {
    complain(
      `${calledAs}: warning: lines were lost, nobody listens on ${socket}: ` +
        counted(lost),
    );
  }
  return 0;
}

const counted = (lines: number) => `${lines} line${lines === 1 ? "" : "s"}`;
