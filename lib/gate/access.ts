/**
 * The access decision of one connection, from a rules cdb that may be
 * replaced at any time. Whatever goes wrong denies.
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { CdbReader } from "../cdb/reader.ts";
import { decide, type Decision, type Peer } from "../rules/lookup.ts";
import { codeOf, reason } from "../reason.ts";

export type Access = Decision | { type: "unreadable"; reason: string };

/**
 * A file that changed this lately may change again and look the same, since
 * the kernel's clock for files is coarse (4 ms): it is read again next time.
 */
const settledMs = 20;

const allowAll: Decision = { type: "allow", rule: null, env: [] };

export class AccessRules {
  #reader: CdbReader | undefined;
  #identity = "";

  /** @param allowMissing a file that is not there allows everyone (`-X`) */
  constructor(
    readonly path: string | null,
    readonly allowMissing: boolean,
  ) {}

  /** Looks at the file's identity at each call, at its bytes only if new. */
  decide(peer: Peer): Access {
    if (this.path === null) return allowAll;
    try {
      const seen = identity(statSync(this.path, { bigint: true }));
      if (seen !== this.#identity) this.#load(this.path);
      return decide(this.#reader!, peer);
    } catch (error) {
      this.#identity = "";
      this.#reader = undefined;
      if (this.allowMissing && codeOf(error) === "ENOENT") {
        return allowAll;
      }
      return { type: "unreadable", reason: reason(error) };
    }
  }

  #load(path: string): void {
    const fd = openSync(path, "r");
    try {
      const stat = fstatSync(fd, { bigint: true });
      const bytes = new Uint8Array(Number(stat.size));
      for (let at = 0; at < bytes.length;) {
        const n = readSync(fd, bytes, at, bytes.length - at, at);
        if (n === 0) break; // shrank meanwhile: the reader sees zeros
        at += n;
      }
      this.#reader = new CdbReader(bytes);
      const age = Date.now() - Number(stat.ctimeNs / 1_000_000n);
      this.#identity = Math.abs(age) < settledMs ? "" : identity(stat);
    } finally {
      closeSync(fd);
    }
  }
}

/** Two contents share it only when one replaces the other in place at once. */
function identity(
  stat: {
    dev: bigint;
    ino: bigint;
    size: bigint;
    mtimeNs: bigint;
    ctimeNs: bigint;
  },
): string {
  return `${stat.dev},${stat.ino},${stat.size},${stat.mtimeNs},${stat.ctimeNs}`;
}
