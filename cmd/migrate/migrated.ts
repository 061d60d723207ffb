/**
 * What is printed of scripts: remarks, and lines that the tables of serve and
 * smtpd accept.
 *
 * @module
 */
import { Fatal } from "../../lib/base/fatal.ts";
import { configOf } from "../../lib/migrate/config.ts";
import { lineOf } from "../../lib/migrate/line.ts";
import type { Machine } from "../../lib/migrate/machine.ts";
import { type Remark, Untranslatable } from "../../lib/migrate/remark.ts";
import { translate, type Translated } from "../../lib/migrate/translate.ts";
import { table } from "../serve_options.ts";
import { checkConfig, checkLine } from "./accepted.ts";
import { thisMachine } from "./machine.ts";

interface Source {
  readonly name: string;
  readonly text: string;
}

export interface Migrated {
  readonly lines: readonly string[];
  /** Whether something is not done any more. */
  readonly loses: boolean;
}

/**
 * @param machine what may be looked at
 * @throws Fatal that names the script and its line
 */
export async function migrated(
  sources: readonly Source[],
  to: "line" | "config",
  machine: Machine = thisMachine,
): Promise<Migrated> {
  const all: {
    source: Source;
    found: readonly Translated[];
    remarks: Remark[];
  }[] = [];
  for (const source of sources) {
    const isCrLf = source.text.includes("\r\n");
    const { found, remarks } = inSource(
      source,
      () => translate(source.text.replaceAll("\r\n", "\n"), machine),
    );
    if (found.length === 0) {
      throw new Fatal(
        100,
        `${source.name}: nothing in it is tcpserver or qmail-smtpd, or like them`,
      );
    }
    for (const each of found) {
      const warnings = inSource(source, () => checkLine(each.chain));
      each.chain.remarks.push(...warnings);
    }
    const crLf = {
      line: 1,
      text: "its lines end in CR LF, which no shell takes: read without CR",
      loses: false,
    };
    all.push({ source, found, remarks: [...isCrLf ? [crLf] : [], ...remarks] });
  }
  const made = to === "line" ? asLines(all) : await asConfig(all);
  if (
    made.lines.some((line) => !line.startsWith("#") && line.includes("\ufffd"))
  ) {
    throw new Fatal(
      100,
      `${
        sources.map(({ name }) => name).join(", ")
      }: bytes that are no UTF-8 ` +
        "would be in the line: rename what they name",
    );
  }
  return made;
}

type All = Parameters<typeof asLines>[0];

function asLines(
  all: readonly {
    readonly source: Source;
    readonly found: readonly Translated[];
    readonly remarks: readonly Remark[];
  }[],
): Migrated {
  const lines: string[] = [];
  let loses = false;
  for (const { source, found, remarks } of all) {
    if (source.name !== "--line") lines.push(`# ${source.name}:`);
    const tell = (some: readonly Remark[]) => {
      lines.push(...told(some));
      loses ||= some.some((each) => each.loses);
    };
    tell(remarks);
    for (const each of found) {
      tell(each.chain.remarks);
      lines.push(lineOf(each));
    }
  }
  return { lines, loses };
}

async function asConfig(all: All): Promise<Migrated> {
  const lines: string[] = [];
  let loses = false;
  for (const { source, found, remarks } of all) {
    if (source.name !== "--line") lines.push(`# ${source.name}:`);
    const config = inSource(source, () => configOf(found, isForProcess));
    const some = [
      ...remarks,
      ...found.flatMap(({ chain }) => chain.remarks),
      ...config.remarks,
    ];
    lines.push(...told(some));
    loses ||= some.some((each) => each.loses);
  }
  const name = all.map(({ source }) => source.name).join(", ");
  const { text } = inSource(
    { name, text: "" },
    () => configOf(all.flatMap(({ found }) => found), isForProcess),
  );
  await checkConfig(name, text);
  lines.push("", ...text.trim().split("\n"));
  return { lines, loses };
}

const isForProcess = (long: string): boolean =>
  Object.values(table).some(({ scope, spellings }) =>
    scope === "process" && spellings.some((each) => each.long === long)
  );

/** In the order of the script, each once. */
function told(remarks: readonly Remark[]): string[] {
  const lines = [...remarks].sort((one, other) => one.line - other.line)
    .map(({ line, text, loses }) =>
      `# line ${line}: ${loses ? "attention: " : ""}${
        text.replace(/\p{Cc}/gu, " ")
      }`
    );
  return [...new Set(lines)];
}

/** What cannot be translated is said of the script and its line. */
function inSource<T>({ name }: Source, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error;
    throw new Fatal(100, `${name}: line ${error.line}: ${error.message}`);
  }
}
