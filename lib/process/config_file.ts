/**
 * `postern serve --config FILE`: several HOST PORT PROGRAM in one process.
 * The file is TOML; its keys are serve's long options, those above the first
 * [[listen]] are for the process, or what blocks have unless they say else.
 *
 * @module
 */
import { parse, TomlError } from "smol-toml";
import { Fatal } from "../base/fatal.ts";
import { reason } from "../base/reason.ts";
import type { Table } from "../cli/option.ts";
import { type Given, UsageError } from "../cli/scan.ts";
import { keysOf } from "../cli/toml.ts";
import { takeText } from "../sys/handed_text.ts";

/** A [[listen]]. */
export interface ConfigBlock {
  /** The file and the block, for messages. */
  readonly where: string;
  readonly host: string;
  readonly port: string;
  readonly program: readonly string[];
  /** The block's keys behind those of the file. */
  readonly given: readonly Given[];
}

const block = "listen";
const ofBlocks = ["host", "port", "program"];

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
    throw new Fatal(111, `fatal: unable to read ${path}: ${reason(error)}`);
  }
}

/**
 * The blocks of a file.
 *
 * @param path of the file, for messages
 * @param options that its keys are of
 * @throws Fatal that names the file, and the line or the block
 */
export function blocksIn(
  path: string,
  text: string,
  options: Table,
): ConfigBlock[] {
  const { [block]: blocks, ...common } = tomlOf(path, text);
  const wrong = (where: string, what: string) =>
    new Fatal(100, `${where}: ${what}`);
  if (!Array.isArray(blocks) || blocks.length === 0) {
    throw wrong(path, `no [[${block}]] with host, port and program`);
  }
  for (const key of ofBlocks) {
    if (key in common) throw wrong(path, `${key} is for a [[${block}]]`);
  }
  return blocks.map((each: Record<string, unknown>, i) => {
    const where = `${path}: [[${block}]] ${i + 1}`;
    try {
      return { where, ...blockOf(each, common, options) };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw wrong(where, error.message);
    }
  });
}

/** @throws UsageError */
function blockOf(
  { host = "0", port, program, ...own }: Record<string, unknown>,
  common: Record<string, unknown>,
  options: Table,
): Omit<ConfigBlock, "where"> {
  const inherited = Object.entries(common).filter(([key]) => !(key in own));
  const given = [
    ...keysOf(Object.fromEntries(inherited), options, {
      mayBeProcess: true,
      note: " (it stands above the blocks)",
    }),
    ...keysOf(own, options, { mayBeProcess: false }),
  ];
  if (typeof host !== "string") throw new UsageError("host is no text");
  if (!["string", "number", "bigint"].includes(typeof port)) {
    throw new UsageError("port is missing");
  }
  if (!isTexts(program) || program.length === 0) {
    throw new UsageError('program is no list such as ["smtpd"]');
  }
  return { host, port: String(port), program, given };
}

function tomlOf(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what] = error.message.split("\n");
    throw new Fatal(
      100,
      `${path}: line ${error.line}, column ${error.column}: ${
        what.replace("Invalid TOML document: ", "")
      }`,
    );
  }
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");
