/**
 * postern splogger, and splogger: lines of stdin to syslog.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import { LogLines, type Message, rfc3164, rfc5424 } from "../lib/log/syslog.ts";
import { UnixSender } from "../lib/sys/datagram.ts";
import { SystemError } from "../lib/sys/libc.ts";

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

/**
 * Keeps what cannot be sent, and tries again. A syslogd that is there and
 * stands still is waited for.
 */
class Syslog {
  #sender: UnixSender | null = null;
  #waiting: string[] = [];
  #triedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Everything here, one after the other: messages keep their order. */
  #last = Promise.resolve();

  constructor(readonly path: string) {}

  /** Resolves when the message is sent, or kept while there is no syslogd. */
  send(text: string): Promise<void> {
    return this.#last = this.#last.then(async () => {
      this.#waiting.push(text);
      if (this.#waiting.length > waitingLimit) this.#waiting.shift();
      await this.#drain(false);
    });
  }

  /** A last try; false if something is lost. */
  async close(): Promise<boolean> {
    await this.#tryAgain();
    clearTimeout(this.#timer);
    return this.#waiting.length === 0;
  }

  #tryAgain(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#last = this.#last.then(() => this.#drain(true));
  }

  async #drain(now: boolean): Promise<void> {
    const hopeless = this.#sender === null &&
      performance.now() - this.#triedAt < retryMs;
    if (hopeless && !now) return;
    // Twice: a syslogd that was restarted is told by the first failure.
    for (let failures = 0; failures < 2;) {
      try {
        this.#sender ??= new UnixSender(this.path);
        while (this.#waiting.length > 0) {
          const message = new TextEncoder().encode(this.#waiting[0]);
          await this.#sender.deliver(message);
          this.#waiting.shift();
        }
        return;
      } catch (error) {
        this.#sender?.close();
        this.#sender = null;
        if (!isForNow(error)) failures++;
        else await new Promise((over) => setTimeout(over, retryMs));
      }
    }
    this.#triedAt = performance.now();
    this.#timer ??= setTimeout(() => this.#tryAgain(), retryMs);
  }
}

/** It is there, but takes no streams now. */
const isForNow = (error: unknown) =>
  error instanceof SystemError && error.code === "EAGAIN";

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
  const carry = async (messages: Message[]) => {
    for (const message of messages) {
      await syslog.send(render(message));
      if (options.stderr) console.error(message.text);
    }
  };
  const buffer = new Uint8Array(65536);
  for (;;) {
    const n = await Deno.stdin.read(buffer);
    if (n === null) break;
    await carry(lines.feed(buffer.subarray(0, n)));
  }
  await carry(lines.end());
  if (!await syslog.close()) {
    console.error(
      `splogger: warning: lines were lost, nobody listens on ${options.socket}`,
    );
  }
  return 0;
}
