/**
 * The lists among qmail's control files, and those in options.
 *
 * @module
 */
import { foldCase } from "../base/bytes.ts";
import { Unusable } from "../base/unusable.ts";
import { shown, textFault, trimmed, writtenLines } from "../base/written.ts";
import { asciiDomain, isAscii, withAsciiDomain } from "../mail/address.ts";
import { withCanonicalLiteral } from "../mail/domain.ts";
import { entryFault, type EntryKind } from "./list_entry.ts";

/** Of a file that is something else, so many lines are complained about. */
const mostFaults = 10;

/**
 * The entries of a list exactly as qmail reads it, letter case folded: one a
 * line, trailing blanks cut; empty lines and lines that start with `#` are
 * skipped (qmail-control(5)). An address with a domain in UTF-8 is there with
 * the domain that the DNS knows too, as the envelope has it.
 *
 * @param text the file as a byte string
 */
export function classicEntries(text: string): Set<string> {
  const entries = new Set<string>();
  for (const line of text.split("\n")) {
    const entry = line.replace(/[ \t]+$/, "");
    if (entry !== "" && entry[0] !== "#") {
      entries.add(foldCase(entry));
      entries.add(foldCase(withAsciiDomain(entry)));
    }
  }
  return entries;
}

/**
 * The entries of a list in a file, whatever editor it was written with. A
 * domain in UTF-8 is there as the DNS knows it, too.
 *
 * @param text the file as a byte string
 * @param path of the file, for messages
 * @throws Unusable that tells each line that could never match
 */
export function fileEntries(
  text: string,
  path: string,
  kind: EntryKind,
): Set<string> {
  const fault = textFault(text);
  if (fault !== null) throw new Unusable([`${path}: ${fault}`], true);
  const found = new Entries(kind);
  writtenLines(text).forEach((line, i) => {
    if (line === "" || line[0] === "#") return;
    found.add(line, `${path}: line ${i + 1}`);
  });
  return found.all(path);
}

/**
 * The entries of a list in an option: `a,b`. A list of nothing is empty.
 *
 * @param text as a byte string
 * @param option for messages
 * @throws Unusable that tells each item that could never match
 */
export function optionEntries(
  text: string,
  option: string,
  kind: EntryKind,
): Set<string> {
  const found = new Entries(kind);
  if (trimmed(text) === "") return found.all(option);
  text.split(",").forEach((each, i) => {
    // A shell makes lines of a file: --rcpthosts "$(cat ours)".
    for (const item of trimmed(each).split(/[\r\n]+/)) {
      found.add(trimmed(item), `${option}: item ${i + 1}`);
    }
  });
  return found.all(option);
}

class Entries {
  readonly #entries = new Set<string>();
  readonly #faults: string[] = [];
  #faultCount = 0;

  constructor(readonly kind: EntryKind) {}

  /** @param place where it stands, for a complaint */
  add(entry: string, place: string): void {
    if (entry === "") return this.#complain(`${place} is empty`);
    const fault = entryFault(entry, this.kind);
    if (fault !== null) {
      return this.#complain(`${place}: ${shown(entry)} ${fault}`);
    }
    this.#entries.add(foldCase(entry));
    this.#entries.add(foldCase(withCanonicalLiteral(entry)));
    if (!isAscii(entry)) this.#entries.add(foldCase(this.#ascii(entry)));
  }

  /** @throws Unusable if there was a fault */
  all(place: string): Set<string> {
    const more = this.#faultCount - this.#faults.length;
    if (more > 0) this.#faults.push(`${place}: ${more} more of this kind`);
    if (this.#faults.length > 0) throw new Unusable(this.#faults, true);
    return this.#entries;
  }

  #complain(line: string): void {
    if (this.#faultCount++ < mostFaults) this.#faults.push(line);
  }

  #ascii(entry: string): string {
    if (this.kind !== "domain") return withAsciiDomain(entry);
    const dot = entry.startsWith(".") ? "." : "";
    return dot + asciiDomain(entry.slice(dot.length));
  }
}
