/**
 * `postern serve --config FILE`: several HOST PORT PROGRAM in one process.
 * The file is TOML; its keys are serve's long options, so that each block is
 * read like a command line.
 *
 * @module
 */
import { parse, TomlError } from "smol-toml";
import { Fatal } from "../lib/base/fatal.ts";
import { takeText } from "../lib/sys/handed_text.ts";
import { reason } from "../lib/base/reason.ts";
import { isOption, takesValue } from "./serve_options.ts";

interface Line {
  readonly args: string[];
  /** The file and the block, for messages. */
  readonly where: string;
}

/** These are the process's, and so above the first [[listen]]. */
const processKeys = new Set([
  ...["uid", "gid", "ids-from-env", "pidfile", "grace", "workers", "ready-fd"],
  ...["print-port", "quiet", "errors", "verbose", "log-format"],
]);
/** On a command line their text may end in anything, as for tcpserver. */
const numeric = new Set(["limit", "backlog", "timeout", "grace"]);
const commandLineOnly = new Set(["config", "check", "help"]);
const positional = ["host", "port", "program"];
const block = "listen";

/**
 * The text of a file: as it was when the process that we are part of, or that
 * started us, has read it.
 *
 * @throws Fatal that names the file
 */
export function readConfig(path: string): string {
  try {
    return takeText() ?? Deno.readTextFileSync(path);
  } catch (error) {
    throw new Fatal(
      111,
      `tcpserver: fatal: unable to read ${path}: ${reason(error)}`,
    );
  }
}

/**
 * A command line for each block of a file.
 *
 * @param path of the file, for messages
 * @throws Fatal that names the file, and the line or the block
 */
export function commandLines(path: string, text: string): Line[] {
  const { [block]: blocks, ...common } = read(path, text);
  const wrong = (where: string, what: string) =>
    new Fatal(100, `tcpserver: ${where}: ${what}`);
  if (!Array.isArray(blocks) || blocks.length === 0) {
    throw wrong(path, `no [[${block}]] with host, port and program`);
  }
  for (const key of positional) {
    if (key in common) throw wrong(path, `${key} is for a [[${block}]]`);
  }
  return blocks.map((each: Record<string, unknown>, i) => {
    const where = `${path}: [[${block}]] ${i + 1}`;
    const { host = "0", port, program, ...own } = each;
    for (const key of Object.keys(own)) {
      if (processKeys.has(key)) {
        throw wrong(where, `${key} is for the whole process: put it on top`);
      }
    }
    if (typeof host !== "string") throw wrong(where, "host is no text");
    if (!["string", "number", "bigint"].includes(typeof port)) {
      throw wrong(where, "port is missing");
    }
    if (!isTexts(program) || program.length === 0) {
      throw wrong(where, 'program is no list such as ["smtpd"]');
    }
    const flags = Object.entries({ ...common, ...own })
      .map(([key, value]) => flag(key, value, (what) => wrong(where, what)));
    return {
      where,
      args: [...flags.flat(), "--", host, String(port), ...program],
    };
  });
}

function read(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what] = error.message.split("\n");
    throw new Fatal(
      100,
      `tcpserver: ${path}: line ${error.line}, column ${error.column}: ${
        what.replace("Invalid TOML document: ", "")
      }`,
    );
  }
}

/** A key and its value as options. */
function flag(
  key: string,
  value: unknown,
  wrong: (what: string) => Fatal,
): string[] {
  if (commandLineOnly.has(key)) throw wrong(`${key} cannot be in a file`);
  if (key.length === 1) throw wrong(`${key}: options have their long names`);
  const text = isTexts(value)
    ? value.join(",")
    : ["string", "number", "bigint", "boolean"].includes(typeof value)
    ? String(value)
    : null;
  if (text === null) {
    throw wrong(`${key} is neither a text, a number, true, false nor a list`);
  }
  if (numeric.has(key) && !/^\d{1,9}$/.test(text)) {
    throw wrong(`${key} wants a whole number, not ${JSON.stringify(text)}`);
  }
  if (typeof value === "boolean" && takesValue(key)) {
    throw wrong(`${key} wants a value, not ${text}`);
  }
  // What is false is as if it had not been given, or its opposite.
  if (value === false && isOption(key)) {
    const opposite = key.startsWith("no-") ? key.slice(3) : `no-${key}`;
    return isOption(opposite) ? [`--${opposite}`] : [];
  }
  if (typeof value === "boolean") return [`--${key}`];
  return [`--${key}=${text}`];
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");
