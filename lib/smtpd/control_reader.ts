/**
 * Options and control files by their names: the option counts if it is given,
 * else the file if it is there.
 *
 * What a person wrote is read kindly, and what could never be right is a
 * problem; but for `--classic`, where all is read as qmail reads it.
 *
 * @module
 */
import { bytesOf, fromBytes, toBytes } from "../base/bytes.ts";
import { codeOf } from "../base/reason.ts";
import { Unusable } from "../base/unusable.ts";
import { shown, textFault, trimmed, writtenLines } from "../base/written.ts";
import {
  classicEntries,
  fileEntries,
  optionEntries,
} from "../policy/control_list.ts";
import { isAscii } from "../mail/address.ts";
import { type EntryKind, isDomain } from "../policy/list_entry.ts";
import { readNamedFile, whyUnreadable } from "../sys/named_file.ts";
import type { ControlFiles } from "./control_files.ts";
import type { ParsedControls } from "./parsed_controls.ts";

/** What the first line of a file is to be. */
export type LineKind = "text" | "host name" | "number";

export class ControlReader {
  readonly #problems: string[] = [];
  #forGood = false;

  /** @param parsed of earlier times */
  constructor(
    readonly files: ControlFiles,
    readonly parsed: ParsedControls,
    readonly classic: boolean,
  ) {}

  /** The first line; null if there is none. */
  line(name: string, option: string | null, kind: LineKind): string | null {
    if (option !== null) {
      return this.classic ? option : this.#checked(option, kind, `--${name}`);
    }
    const path = this.#path(name);
    return this.#attempt(() => {
      if (this.classic) return reading(path, () => this.files.line(name));
      const text = reading(path, () => this.files.text(name));
      return text === null ? null : this.#firstLine(text, kind, path);
    }, ""); // there is one, whatever it says
  }

  /** A list; null if there is none. */
  list(
    name: string,
    option: string | null,
    kind: EntryKind,
  ): ReadonlySet<string> | null {
    return this.#attempt(() => {
      if (option === null) {
        const path = this.#path(name);
        const text = reading(path, () => this.files.text(name));
        return text === null ? null : this.#entries(text, path, kind);
      }
      if (option.includes("/")) {
        const read = () => fromBytes(readNamedFile(option));
        const text = reading(option, read, `--${name}: `);
        return this.#entries(text, option, kind);
      }
      const text = bytesOf(option);
      return this.classic
        ? classicEntries(text.replaceAll(",", "\n"))
        : optionEntries(text, `--${name}`, kind);
    }, null);
  }

  /** Whether a key is in a database; null if there is none. */
  database(name: string): ((key: string) => boolean) | null {
    if (this.files.lacks(name)) return null;
    const path = this.#path(name);
    return this.#attempt(() => {
      try {
        const cdb = this.parsed.database(path);
        return (key: string) => cdb.find(toBytes(key)) !== null;
      } catch (error) {
        if (codeOf(error) === "ENOENT") return null; // it has just gone
        throw unreadable(path, error);
      }
    }, null);
  }

  /** Tells that there is nothing, where something has to be. */
  missing(name: string): string {
    const path = this.#path(name);
    this.#problems.push(
      `unable to read ${path}: file does not exist, and there is no --${name}`,
    );
    return "";
  }

  /** @throws Unusable that has all the problems there were */
  end(): void {
    if (this.#problems.length === 0) return;
    throw new Unusable(this.#problems, this.#forGood);
  }

  #path(name: string): string {
    return `${this.files.folder}/${name}`;
  }

  #entries(text: string, path: string, kind: EntryKind): ReadonlySet<string> {
    return this.parsed.list(
      path,
      text,
      this.classic ? classicEntries : () => fileEntries(text, path, kind),
    );
  }

  #firstLine(text: string, kind: LineKind, path: string): string | null {
    const fault = textFault(text);
    if (fault !== null) throw new Unusable([`${path}: ${fault}`], true);
    return this.#checked(writtenLines(text)[0], kind, `${path}: line 1`);
  }

  /** @param where it stands, for a complaint */
  #checked(written: string, kind: LineKind, where: string): string | null {
    const line = kind === "text" ? written : trimmed(written);
    const fault = lineFault(line, kind);
    if (fault !== null) this.#wrong([`${where}: ${shown(line)} ${fault}`]);
    else if (line === "") return null;
    return line;
  }

  /** Nothing but an edit mends these. */
  #wrong(problems: readonly string[]): void {
    this.#problems.push(...problems);
    this.#forGood = true;
  }

  /** What cannot be read is told at the end, with all the rest. */
  #attempt<T>(read: () => T, otherwise: T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Unusable)) throw error; // a bug
      if (error.forGood) this.#wrong(error.problems);
      else this.#problems.push(...error.problems);
      return otherwise;
    }
  }
}

/** Does it, or says what cannot be read. */
function reading<T>(path: string, read: () => T, option = ""): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(path, error, option);
  }
}

function unreadable(path: string, error: unknown, option = ""): Unusable {
  const why = whyUnreadable(error);
  return new Unusable([`${option}unable to read ${path}: ${why}`], false);
}

/** Why a line cannot be what it is to be; null if it can. */
function lineFault(line: string, kind: LineKind): string | null {
  switch (kind) {
    case "text":
      return null;
    case "host name":
      return isDomain(line) && isAscii(line) ? null : "is no host name";
    case "number":
      return /^\d*$/.test(line) ? null : "is no whole number";
  }
}
