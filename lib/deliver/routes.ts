/**
 * Which target the mail for a domain goes to, by options and a file.
 *
 * @module
 */
import { foldCase, fromBytes, toBytes } from "../base/bytes.ts";
import { reason } from "../base/reason.ts";
import { Unusable } from "../base/unusable.ts";
import type { CdbReader } from "../cdb/reader.ts";
import { verifiedCdb } from "../cdb/verify.ts";
import { lookupKeys } from "../mail/domain.ts";
import { readNamedFile } from "../sys/named_file.ts";
import { WatchedFile } from "../sys/watched_file.ts";
import type { TargetMaker } from "./target_row.ts";
import { readTarget } from "./targets.ts";

/** A domain, or `.domain` for what is below it, and where its mail goes. */
export interface Route {
  /** In lower case. */
  readonly domain: string;
  /** The target, as it was written. */
  readonly text: string;
  readonly make: TargetMaker;
}

/** A domain's name in ASCII, maybe with a dot before it. */
const domainName = /^\.?[a-z\d_](?:[\w-]{0,62})(?:\.[a-z\d_][\w-]{0,62})*$/i;

/**
 * Reads `DOMAIN=TARGET`; several have commas between them, as a target may.
 *
 * @throws Error whose message goes on after the option's name
 */
export function readRoutes(text: string): readonly Route[] {
  return text.split(/,(?=[^,=:]+=)/).map((each) => {
    const [, domain, target] = /^\s*([^=\s]*)\s*=\s*(.*?)\s*$/s.exec(each) ??
      [];
    if (domain === undefined || target === undefined) {
      throw new Error(`wants DOMAIN=TARGET, not ${JSON.stringify(each)}`);
    }
    if (!domainName.test(domain)) {
      throw new Error(`is for no domain: ${JSON.stringify(domain)}`);
    }
    return { domain: foldCase(domain), text: target, make: readTarget(target) };
  });
}

/** Where a domain's mail goes, by its longest key; null if nothing says so. */
export type Lookup = (domain: string) => string | null;

/** What a file of routes says, as often as it is replaced. */
export class RoutesFile {
  readonly #file: WatchedFile<Lookup>;

  constructor(readonly path: string) {
    this.#file = new WatchedFile(path, (bytes) => lookupIn(path, bytes));
  }

  /** @throws Unusable that has all that is wrong with it */
  check(): void {
    this.find("");
    if (!this.path.endsWith(".cdb")) return;
    checkCdb(this.path, verifiedCdb(readNamedFile(this.path)));
  }

  /** All that it names now, as far as it can be read. */
  targets(): string[] {
    try {
      const bytes = readNamedFile(this.path);
      const all = this.path.endsWith(".cdb")
        ? [...verifiedCdb(bytes).entries()].map(([, data]) =>
          fromBytes(data).trim()
        )
        : fromBytes(bytes).split("\n")
          .filter((line) => !/^\s*(?:#|$)/.test(line))
          .flatMap((line) => readRoutes(line.trim()).map(({ text }) => text));
      const some = [...new Set(all)];
      some.forEach(readTarget); // it is told of by whoever asks for a route
      return some;
    } catch {
      return [];
    }
  }

  /**
   * The target's text; null if the file has none for the domain.
   *
   * @throws Unusable while it cannot be read
   */
  find(domain: string): string | null {
    let lookup: Lookup;
    try {
      lookup = this.#file.contents();
    } catch (error) {
      if (error instanceof Unusable) throw error;
      const why = reason(error);
      throw new Unusable(
        [`--routes: unable to read ${this.path}: ${why}`],
        false,
      );
    }
    return lookup(domain);
  }
}

/** @throws Unusable that has all targets that are none */
function checkCdb(path: string, cdb: CdbReader): void {
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const [key, data] of cdb.entries()) {
    const text = fromBytes(data).trim();
    if (seen.has(text)) continue;
    seen.add(text);
    try {
      readTarget(text);
    } catch (error) {
      wrong.push(`${path}: ${fromBytes(key)}: ${(error as Error).message}`);
    }
  }
  if (wrong.length > 0) throw new Unusable(wrong, true);
}

/** A cdb's name ends in `.cdb`; its keys are domains, its data targets. */
function lookupIn(path: string, bytes: Uint8Array): Lookup {
  if (path.endsWith(".cdb")) {
    const cdb = verifiedCdb(bytes);
    return (domain) => {
      for (const key of lookupKeys(domain)) {
        const found = cdb.find(toBytes(key));
        if (found !== null) return fromBytes(found).trim();
      }
      return null;
    };
  }
  const known = new Map<string, string>();
  const wrong: string[] = [];
  fromBytes(bytes).split("\n").forEach((line, i) => {
    if (/^\s*(?:#|$)/.test(line)) return;
    try {
      for (const { domain, text } of readRoutes(line.trim())) {
        if (!known.has(domain)) known.set(domain, text);
      }
    } catch (error) {
      wrong.push(`${path}: line ${i + 1}: ${(error as Error).message}`);
    }
  });
  if (wrong.length > 0) throw new Unusable(wrong, true);
  return (domain) => {
    for (const key of lookupKeys(domain)) {
      const found = known.get(key);
      if (found !== undefined) return found;
    }
    return null;
  };
}
