/**
 * The log of a gate: its events as lines on stderr, as far as they were asked
 * for.
 *
 * @module
 */
import type { Emit, GateEvent } from "../base/events.ts";
import * as json from "./json.ts";
import { flushAll } from "./line_writer.ts";
import { stderrLines } from "./stderr_lines.ts";
import * as text from "./tcpserver.ts";

export type LogFormat = "text" | "json";

/** How much is said: `-q` nothing, `-Q` errors, `-v` everything. */
export type Verbosity = "silent" | "errors" | "all";

/** A format: an event's line, or null where it has none. */
interface Format {
  lineOf(event: GateEvent): string | null;
  /** What stands where lines were lost. */
  dropped(count: number): string;
}

const formats: Record<LogFormat, Format> = { text, json };

export class Log {
  readonly #format: Format;
  readonly #verbosity: Verbosity;

  constructor(
    { verbosity, logFormat }: {
      readonly verbosity: Verbosity;
      readonly logFormat: LogFormat;
    },
  ) {
    this.#verbosity = verbosity;
    this.#format = formats[logFormat];
    stderrLines.droppedLine = this.#format.dropped;
  }

  readonly emit: Emit = (event) => {
    if (!isWanted(event, this.#verbosity)) return;
    const line = this.#format.lineOf(event);
    if (line !== null) stderrLines.line(line);
  };

  /** Waits until everything is written, wherever to, or a second is over. */
  flush(): Promise<void> {
    return flushAll(1);
  }
}

function isWanted(event: GateEvent, verbosity: Verbosity): boolean {
  switch (event.type) {
    case "turns":
    // Programs that say this write to the log whatever a gate is told to say.
    case "client.blocked":
    case "bytes.recorded":
      return true;
    case "status":
      return event.asked || verbosity === "all";
    case "connection.begun":
    case "connection.ok":
    case "connection.deny":
    case "connection.ended":
      return verbosity === "all";
    case "connection.dropped":
    case "connection.broken":
    case "login.refused":
    case "tls.failed":
    case "trouble":
      return verbosity !== "silent";
    default:
      return false; // they are in the mail log
  }
}
