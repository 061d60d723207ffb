/**
 * The access decision of one connection, from a rules cdb that may be
 * replaced at any time. Whatever goes wrong denies.
 *
 * @module
 */
import { verifiedCdb } from "../cdb/verify.ts";
import { CdbError, type CdbReader } from "../cdb/reader.ts";
import { decide, type Decision, type Peer } from "../rules/lookup.ts";
import { codeOf, reason } from "../base/reason.ts";
import { WatchedFile } from "../sys/watched_file.ts";

export type Access = Decision | { type: "unreadable"; reason: string };

const allowAll: Decision = { type: "allow", rule: null, env: [] };

export class AccessRules {
  readonly #file: WatchedFile<CdbReader> | null;

  /**
   * @param allowMissing a file that is not there allows everyone (`-X`)
   * @param classic tells what is wrong with a file in tcpserver's words
   */
  constructor(
    path: string | null,
    readonly allowMissing: boolean,
    readonly classic = false,
  ) {
    // Verified once for each file that replaces another, whatever comes of it.
    this.#file = path === null ? null : new WatchedFile(path, verifiedCdb);
  }

  decide(peer: Peer): Access {
    if (this.#file === null) return allowAll;
    try {
      return decide(this.#file.contents(), peer);
    } catch (error) {
      if (this.allowMissing && codeOf(error) === "ENOENT") {
        return allowAll;
      }
      const inOldWords = this.classic && error instanceof CdbError;
      const why = inOldWords ? error.classic : reason(error);
      return { type: "unreadable", reason: why };
    }
  }
}
