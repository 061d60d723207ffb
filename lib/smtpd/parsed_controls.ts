/**
 * What has been made of control files, until they say something else: they are
 * read every second, and a list may be long.
 *
 * @module
 */
import type { CdbReader } from "../cdb/reader.ts";
import { verifiedCdb } from "../cdb/verify.ts";
import { WatchedFile } from "../sys/watched_file.ts";

export class ParsedControls {
  readonly #lists = new Map<string, List>();
  readonly #databases = new Map<string, WatchedFile<CdbReader>>();

  /** @param parse makes the entries of a text; what it throws is not kept */
  list(
    path: string,
    text: string,
    parse: (text: string) => ReadonlySet<string>,
  ): ReadonlySet<string> {
    const known = this.#lists.get(path);
    if (known?.text === text) return known.entries;
    const entries = parse(text);
    this.#lists.set(path, { text, entries });
    return entries;
  }

  /** @throws SystemError, or CdbError that says what is wrong with it */
  database(path: string): CdbReader {
    let file = this.#databases.get(path);
    if (file === undefined) {
      file = new WatchedFile(path, verifiedCdb);
      this.#databases.set(path, file);
    }
    return file.contents();
  }
}

interface List {
  readonly text: string;
  readonly entries: ReadonlySet<string>;
}
