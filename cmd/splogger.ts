/**
 * postern splogger, and splogger: lines of stdin to syslog.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import { LogLines, type Message, rfc3164, rfc5424 } from "../lib/log/syslog.ts";
import { UnixSender } from "../lib/sys/datagram.ts";

const usage =
  `usage: splogger [--socket PATH] [--format rfc3164|rfc5424] [--stderr] [TAG [FACILITY]]

Sends each line of stdin to syslog, with TAG (splogger) and FACILITY (2, mail;
a number). Lines that start with alert: or warning: have that priority, others
info. While nobody listens on the socket (/dev/log) the latest lines are kept,
and sent when somebody does.
--stderr also writes the lines to stderr.`;

/** Messages that wait while there is no syslogd; past it the oldest go. */
const waitingLimit = 4096;
const retryMs = 1000;

interface Options {
  socket: string;
  format: "rfc3164" | "rfc5424";
  stderr: boolean;
  tag: string;
  facility: number;
}

function parse(args: string[]): Options | null {
  const options: Options = {
    socket: "/dev/log",
    format: "rfc3164",
    stderr: false,
    tag: "splogger",
    facility: 2,
  };
  let at = 0;
  const wrong = (why: string) => new Fatal(100, `splogger: ${why}\n${usage}`);
  for (; args[at]?.startsWith("--"); at++) {
    const [name, attached] = args[at].split(/=(.*)/s);
    const value = () => {
      const text = attached ?? args[++at];
      if (text === undefined) throw wrong(`${name} wants a value`);
      return text;
    };
    if (name === "--help") return null;
    else if (name === "--stderr") options.stderr = true;
    else if (name === "--socket") options.socket = value();
    else if (name === "--format") {
      const format = value();
      if (format !== "rfc3164" && format !== "rfc5424") {
        throw wrong(`--format wants rfc3164 or rfc5424, not ${format}`);
      }
      options.format = format;
    } else throw wrong(`unknown option ${name}`);
  }
  const [tag, facility] = args.slice(at);
  if (tag !== undefined) options.tag = tag.replace(/[^\x21-\x7e]/g, "?");
  // djb's number: its leading digits; syslog has 24 facilities.
  if (facility !== undefined) {
    options.facility = Number(/^\d*/.exec(facility)![0] || 0) % 24;
  }
  return options;
}

/** Keeps what cannot be sent, and tries again. */
class Syslog {
  #sender: UnixSender | null = null;
  #waiting: string[] = [];
  #triedAt = -Infinity;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(readonly path: string) {}

  send(text: string): void {
    this.#waiting.push(text);
    if (this.#waiting.length > waitingLimit) this.#waiting.shift();
    this.#drain(false);
  }

  /** A last try; false if something is lost. */
  close(): boolean {
    clearInterval(this.#timer);
    this.#drain(true);
    return this.#waiting.length === 0;
  }

  #drain(now: boolean): void {
    const hopeless = this.#sender === null &&
      performance.now() - this.#triedAt < retryMs;
    if (hopeless && !now) return;
    // Twice: a syslogd that was restarted is told by the first failure.
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        this.#sender ??= new UnixSender(this.path);
        while (this.#waiting.length > 0) {
          this.#sender.send(new TextEncoder().encode(this.#waiting[0]));
          this.#waiting.shift();
        }
        clearInterval(this.#timer);
        this.#timer = undefined;
        return;
      } catch {
        this.#sender?.close();
        this.#sender = null;
      }
    }
    this.#triedAt = performance.now();
    this.#timer ??= setInterval(() => this.#drain(true), retryMs);
  }
}

export async function run(args: string[], _calledAs: string): Promise<number> {
  const options = parse(args);
  if (options === null) {
    console.log(usage);
    return 0;
  }
  const { format, facility, tag } = options;
  const host = format === "rfc5424" ? Deno.hostname() : "";
  const render = (message: Message) =>
    format === "rfc3164"
      ? rfc3164(message, facility, tag)
      : rfc5424(message, facility, tag, host, Deno.pid);
  const syslog = new Syslog(options.socket);
  const lines = new LogLines(() => performance.timeOrigin + performance.now());
  const carry = (messages: Message[]) => {
    for (const message of messages) {
      syslog.send(render(message));
      if (options.stderr) console.error(message.text);
    }
  };
  const buffer = new Uint8Array(65536);
  for (;;) {
    const n = await Deno.stdin.read(buffer);
    if (n === null) break;
    carry(lines.feed(buffer.subarray(0, n)));
  }
  carry(lines.end());
  if (!syslog.close()) {
    console.error(
      `splogger: warning: lines were lost, nobody listens on ${options.socket}`,
    );
  }
  return 0;
}
