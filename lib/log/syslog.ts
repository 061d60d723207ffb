/**
 * Log lines as syslog messages, as splogger makes them.
 * Pure: bytes in, messages out, the clock handed in.
 *
 * @module
 */

/** The longest piece of a line in one message. */
const pieceBytes = 799;

/** Severities of RFC 3164 section 4.1.1 that a line can ask for. */
const alert = 1, warning = 4, info = 6;

export interface Message {
  readonly severity: number;
  /** When the line came, in milliseconds with a fraction. */
  readonly timeMs: number;
  /** The stamp, a space (a plus on later pieces), and clean text. */
  readonly text: string;
}

/** Cuts a stream of bytes into messages, holding at most one piece. */
export class LogLines {
  #piece = "";
  /** Stamp and severity of a line of which a piece was sent. */
  #line: { timeMs: number; severity: number } | null = null;

  /** @param clock milliseconds since 1970, with a fraction */
  constructor(readonly clock: () => number) {}

  feed(bytes: Uint8Array): Message[] {
    const messages: Message[] = [];
    for (let start = 0; start < bytes.length;) {
      const newline = bytes.indexOf(10, start);
      const end = newline < 0 ? bytes.length : newline;
      while (start < end) {
        const room = pieceBytes - this.#piece.length;
        if (room === 0) messages.push(this.#take());
        else {
          const part = bytes.subarray(start, Math.min(end, start + room));
          this.#piece += clean(part);
          start += part.length;
        }
      }
      if (newline < 0) break;
      if (this.#piece !== "") messages.push(this.#take());
      this.#line = null;
      start = newline + 1;
    }
    return messages;
  }

  /** The last line, if it had no end. */
  end(): Message[] {
    return this.#piece === "" ? [] : [this.#take()];
  }

  #take(): Message {
    const later = this.#line !== null;
    this.#line ??= { timeMs: this.clock(), severity: severityOf(this.#piece) };
    const { timeMs, severity } = this.#line;
    const text = stamp(timeMs) + (later ? "+" : " ") + this.#piece;
    this.#piece = "";
    return { severity, timeMs, text };
  }
}

/** No byte may end a message, start another, or move a terminal's cursor. */
function clean(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes).replace(/[^\x20-\x7e]/g, "?");
}

function severityOf(line: string): number {
  if (line.startsWith("alert:")) return alert;
  return line.startsWith("warning:") ? warning : info;
}

/** SECONDS.MICROSECONDS. */
function stamp(timeMs: number): string {
  const seconds = Math.floor(timeMs / 1000);
  const micros = Math.floor((timeMs - seconds * 1000) * 1000);
  return `${seconds}.${String(micros).padStart(6, "0")}`;
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** `<PRI>Mmm dd hh:mm:ss TAG: text`, in local time (RFC 3164, syslog(3)). */
export function rfc3164(
  message: Message,
  facility: number,
  tag: string,
): string {
  const at = new Date(message.timeMs);
  const two = (n: number) => String(n).padStart(2, "0");
  const date = `${months[at.getMonth()]} ${String(at.getDate()).padStart(2)}`;
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two)
    .join(":");
  return `<${
    facility * 8 + message.severity
  }>${date} ${time} ${tag}: ${message.text}`;
}

/** `<PRI>1 TIME HOST TAG PID - - text` (RFC 5424 section 6). */
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
