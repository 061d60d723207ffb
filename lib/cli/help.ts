/**
 * What --help prints, of a width that fits the terminal.
 *
 * @module
 */
import { defaultOf, type Group, type Option, type Spelling } from "./option.ts";

/** How a command is called, and what it does. */
export interface Description {
  /** What may follow the command's name, each on a line of its own. */
  readonly synopsis: readonly string[];
  /** Paragraphs. */
  readonly description: readonly string[];
  /** What its first operand may be. */
  readonly subcommands?: readonly Subcommand[];
  readonly groups: readonly Group[];
  /** Paragraphs at the end. */
  readonly notes?: readonly string[];
}

export interface Subcommand {
  readonly name: string;
  readonly summary: string;
}

const widest = 80;
const narrowest = 30;
/** The column that texts begin in at most, and between a term and its text. */
const widestTerm = 28;
const gap = 2;
/** Below it a text stands under its term. */
const tooNarrowForColumns = 60;
const indent = 2;

/** COLUMNS, or the width of the terminal that stdout is, but 80 at most. */
export function helpWidth(): number {
  const said = Number(Deno.env.get("COLUMNS") ?? "");
  let columns = Number.isInteger(said) && said > 0 ? said : widest;
  if (columns === widest && Deno.stdout.isTerminal()) {
    try {
      columns = Deno.consoleSize().columns || widest;
    } catch {
      // A terminal that does not know its size.
    }
  }
  return Math.min(widest, Math.max(narrowest, columns));
}

/** The text for one command; no newline at its end. */
export function helpText(
  calledAs: string,
  { synopsis, description, subcommands, groups, notes = [] }: Description,
  width: number,
): string {
  const usages = synopsis.map((line, i) =>
    wrap(
      // What is in brackets stays together.
      `${calledAs} ${line.replace(/\[[^\]]*\]/g, joined)}`,
      width,
      " ".repeat("usage: ".length + 2 * indent),
      i === 0 ? "usage: " : "       ",
    ).replaceAll(joint, " ")
  );
  const help: Group = {
    title: "",
    options: {
      help: {
        initial: false,
        scope: "commandLine",
        spellings: [{
          long: "help",
          help: "print this help",
          read: () => true,
        }],
      },
    },
  };
  const sections = [...groups, help].map(({ title, options }) => {
    const terms = Object.values(options).flatMap((option) =>
      option.spellings.map((spelling) =>
        [termOf(spelling), helpOf(option, spelling)] as const
      )
    );
    const heading = title === "" ? [] : [wrap(`${title}:`, width)];
    return [...heading, columns(unique(terms), width)].join("\n");
  });
  return [
    usages.join("\n"),
    ...description.map((each) => wrap(each, width)),
    ...(subcommands ? [columns(subcommands.map(rowOf), width)] : []),
    ...sections,
    ...notes.map((each) => wrap(each, width)),
  ].join("\n\n");
}

/** In the place of a blank that is no place to break a line. */
const joint = "\0";
const joined = (words: string) => words.replaceAll(" ", joint);

const rowOf = ({ name, summary }: Subcommand) => [name, summary] as const;

/** Terms with a text each, below one another. */
export function columns(
  rows: readonly (readonly [term: string, text: string])[],
  width: number,
): string {
  const below = width < tooNarrowForColumns;
  const longest = Math.max(...rows.map(([term]) => term.length));
  const column = below
    ? 3 * indent
    : indent + Math.min(widestTerm, longest) + gap;
  return rows.map(([term, text]) => {
    const first = " ".repeat(indent) + term;
    const margin = " ".repeat(column);
    const fits = !below && first.length + gap <= column;
    return fits
      ? wrap(text, width, margin, first.padEnd(column))
      : `${first}\n${wrap(text, width, margin)}`;
  }).join("\n");
}

/** An option as the help has it: `-c, --limit <n>`. */
export function termOf({ short, long, value, words }: Spelling): string {
  const names = `${short ? `-${short}, ` : ""}--${long}`;
  if (value === undefined) return names;
  return `${names} <${words ? words.join("|") : value}>`;
}

function helpOf(option: Option, spelling: Spelling): string {
  if (spelling.isUsual) return `${spelling.help} (default)`;
  const usual = spelling.value === undefined ? null : defaultOf(option);
  return usual === null ? spelling.help : `${spelling.help} (default ${usual})`;
}

/** One spelling may be of several options. */
function unique<R extends readonly [string, string]>(rows: readonly R[]): R[] {
  return [...new Map(rows.map((row) => [row[0], row])).values()];
}

/**
 * A text in lines of a width.
 *
 * @param margin in front of each line
 * @param first in front of the first, if that is another
 */
export function wrap(
  text: string,
  width: number,
  margin = "",
  first = margin,
): string {
  const lines: string[] = [];
  let line = first, isFresh = true;
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = isFresh ? line + word : `${line} ${word}`;
    if (longer.length > width && !isFresh) {
      lines.push(line);
      line = margin + word;
    } else line = longer;
    isFresh = false;
  }
  return [...lines, line].join("\n");
}
