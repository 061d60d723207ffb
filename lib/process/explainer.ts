/**
 * What the rules of a gate say of an address, for who looks at it: as
 * `postern rules explain` has it. A database is verified once.
 *
 * @module
 */
import { canonicalAddress } from "../base/ip.ts";
import type { CdbReader } from "../cdb/reader.ts";
import { verifiedCdb } from "../cdb/verify.ts";
import { explainBy } from "../rules/explain.ts";
import { explanationLines } from "../rules/report.ts";
import { readNamedFile, whyUnreadable } from "../sys/named_file.ts";

export class Explainer {
  #cdb: CdbReader | null = null;
  /** When the file was changed, and its size. */
  #state = "";

  /** @param path of a database */
  constructor(readonly path: string) {}

  /** @param ip an IP address */
  explain(ip: string): string {
    const { path } = this;
    try {
      const peer = { ip: canonicalAddress(ip), host: null, info: null };
      return explanationLines(path, explainBy(this.#current(), peer))
        .join("\n");
    } catch (error) {
      return `unable to read ${path}: ${whyUnreadable(error)}`;
    }
  }

  #current(): CdbReader {
    const { mtime, ino, size } = Deno.statSync(this.path);
    const state = `${mtime?.getTime()} ${ino} ${size}`;
    if (this.#cdb === null || state !== this.#state) {
      this.#cdb = verifiedCdb(readNamedFile(this.path));
      this.#state = state;
    }
    return this.#cdb;
  }
}
