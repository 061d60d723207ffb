/**
 * The access decision of one connection, from a rules cdb that may be
 * replaced at any time. Whatever goes wrong denies.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { verifiedCdb } from "../cdb/verify.ts";
import { CdbError, type CdbReader } from "../cdb/reader.ts";
import { decide, type Decision, type Peer } from "../rules/lookup.ts";
import { codeOf, reason } from "../base/reason.ts";
import { WatchedFile } from "../sys/watched_file.ts";

export type Access = Decision | { type: "unreadable"; reason: string };

const allowAll: Decision = { type: "allow", rule: null, env: [] };

/** A file that has just changed is read more often than it changes. */
const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && Buffer.compare(one, other) === 0;

export class AccessRules {
  readonly #file: WatchedFile<CdbReader> | null;
  #bytes: Uint8Array | null = null;

  /**
   * @param allowMissing a file that is not there allows everyone (`-X`)
   * @param classic tells what is wrong with a file in tcpserver's words
   * @param renewed is told when a file says something else than before
   */
  constructor(
    path: string | null,
    readonly allowMissing: boolean,
    readonly classic = false,
    readonly renewed: () => void = () => {},
  ) {
    // Verified once for each file that replaces another, whatever comes of it.
    this.#file = path === null
      ? null
      : new WatchedFile(path, (bytes) => this.#read(bytes));
  }

  /** Throws CdbError. */
  #read(bytes: Uint8Array<ArrayBuffer>): CdbReader {
    const reader = verifiedCdb(bytes);
    const before = this.#bytes;
    this.#bytes = bytes;
    if (before !== null && !isSame(before, bytes)) this.renewed();
    return reader;
  }

  /**
   * The database that decides now; null without one.
   *
   * @throws SystemError, CdbError
   */
  get database(): CdbReader | null {
    return this.#file?.contents() ?? null;
  }

  /** @param isNamedSo as {@linkcode decide} has it */
  decide(peer: Peer, isNamedSo = true): Access {
    if (this.#file === null) return allowAll;
    try {
      return decide(this.#file.contents(), peer, isNamedSo);
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
