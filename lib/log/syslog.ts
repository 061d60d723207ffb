/**
 * Log lines as syslog messages, as splogger makes them: bytes in, messages
 * out, the clock handed in.
 *
 * @module
 */
import { type LocalTime, localTime } from "../sys/local_time.ts";
import { asciiText, partialUtf8, utf8Text } from "./clean_text.ts";

/** The longest piece of a line in one message. */
const pieceBytes = 799;

/** Severities of RFC 3164 section 4.1.1 that a line can ask for. */
const alert = 1, warning = 4, info = 6;

export interface Message {
  readonly severity: number;
  /** When the line came, in milliseconds with a fraction. */
  readonly timeMs: number;
  /** Whether it goes on with a line of which there was a message before. */
  readonly isLater: boolean;
  /** The stamp, a space (a plus on later pieces), and clean text. */
  readonly text: string;
}

/** What is kept of a line: printable ASCII, or whatever UTF-8 has to show. */
export type Charset = "ascii" | "utf8";

/** Cuts a stream of bytes into messages, holding at most one piece. */
export class LogLines {
  readonly #piece = new Uint8Array(pieceBytes);
  #length = 0;
  /** Stamp and severity of a line of which a piece was sent. */
  #line: { timeMs: number; severity: number } | null = null;

  /** @param clock milliseconds since 1970, with a fraction */
  constructor(
    readonly clock: () => number,
    readonly charset: Charset = "ascii",
  ) {}

  feed(bytes: Uint8Array): Message[] {
    const messages: Message[] = [];
    for (let start = 0; start < bytes.length;) {
      const newline = bytes.indexOf(10, start);
      const end = newline < 0 ? bytes.length : newline;
      while (start < end) {
        const room = pieceBytes - this.#length;
        if (room === 0) messages.push(this.#takeFull());
        else {
          const part = bytes.subarray(start, Math.min(end, start + room));
          this.#piece.set(part, this.#length);
          this.#length += part.length;
          start += part.length;
        }
      }
      if (newline < 0) break;
      messages.push(...this.end());
      this.#line = null;
      start = newline + 1;
    }
    return messages;
  }

  /** The last line, if it had no end. */
  end(): Message[] {
    return this.#length === 0 ? [] : [this.#take(this.#length)];
  }

  /** A warning of our own, as a message among the others. */
  warning(text: string): Message {
    const timeMs = this.clock();
    return {
      ...{ severity: warning, timeMs, isLater: false },
      text: `${stamp(timeMs)} warning: ${text}`,
    };
  }

  /** A character that the cut would tear is left to the next piece. */
  #takeFull(): Message {
    const torn = this.charset === "utf8" ? partialUtf8(this.#piece) : 0;
    return this.#take(pieceBytes - torn);
  }

  #take(length: number): Message {
    const bytes = this.#piece.subarray(0, length);
    const piece = this.charset === "utf8" ? utf8Text(bytes) : asciiText(bytes);
    const isLater = this.#line !== null;
    this.#line ??= { timeMs: this.clock(), severity: severityOf(piece) };
    const { timeMs, severity } = this.#line;
    this.#piece.copyWithin(0, length, this.#length);
    this.#length -= length;
    const text = stamp(timeMs) + (isLater ? "+" : " ") + piece;
    return { severity, timeMs, isLater, text };
  }
}

function severityOf(line: string): number {
  if (line.startsWith("alert:")) return alert;
  return line.startsWith("warning:") ? warning : info;
}

/** SECONDS.MICROSECONDS. */
function stamp(timeMs: number): string {
  const seconds = Math.floor(timeMs / 1000);
  // The nearest: what is no power of two is a little more or less in binary.
  const micros = Math.round((timeMs - seconds * 1000) * 1000);
  return `${seconds}.${String(Math.min(micros, 999_999)).padStart(6, "0")}`;
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Messages of the same second have the same. */
let lastSecond = NaN, lastDate = "";

/** `Mmm dd hh:mm:ss` in local time (RFC 3164, syslog(3)). */
function dateOf(timeMs: number): string {
  const second = Math.floor(timeMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastDate = dateText(localTime(second));
  }
  return lastDate;
}

function dateText({ month, day, hour, minute, second }: LocalTime): string {
  const time = [hour, minute, second].map((n) => String(n).padStart(2, "0"));
  return `${months[month]} ${String(day).padStart(2)} ${time.join(":")}`;
}

/** `<PRI>Mmm dd hh:mm:ss TAG: text`, in local time (RFC 3164, syslog(3)). */
export function rfc3164(
  message: Message,
  facility: number,
  tag: string,
): string {
  const date = dateOf(message.timeMs);
  return `<${facility * 8 + message.severity}>${date} ${tag}: ${message.text}`;
}

/**
 * `<PRI>1 TIME HOST TAG PID - - text` (RFC 5424 section 6). There is no byte
 * order mark before UTF-8 text, although 6.4 has one: rsyslog takes it for a
 * part of the text, where it hides the start of a line from who looks for it.
 */
export function rfc5424(
  message: Message,
  facility: number,
  tag: string,
  host: string,
  pid: number,
): string {
  const time = new Date(message.timeMs).toISOString();
  const header = [host || "-", tag.slice(0, 48), pid].join(" ");
  return `<${
    facility * 8 + message.severity
  }>1 ${time} ${header} - - ${message.text}`;
}
