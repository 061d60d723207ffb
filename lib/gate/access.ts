/**
 * The access decision of one connection, from a rules cdb that may be
 * replaced at any time. Whatever goes wrong denies.
 *
 * @module
 */
import { CdbReader } from "../cdb/reader.ts";
import { decide, type Decision, type Peer } from "../rules/lookup.ts";
import { closeDescriptor } from "../posix/descriptors.ts";
import { cString, FileStatus, openFile, readFile } from "../posix/files.ts";
import { codeOf, reason } from "../reason.ts";

export type Access = Decision | { type: "unreadable"; reason: string };

/**
 * A file that changed this lately may change again and look the same, since
 * the kernel's clock for files is coarse (4 ms): it is read again next time.
 */
const settledMs = 20;

const allowAll: Decision = { type: "allow", rule: null, env: [] };

export class AccessRules {
  readonly #path: Uint8Array<ArrayBuffer> | null;
  readonly #now = new FileStatus();
  /** What the file was whose bytes the reader has. */
  readonly #read = new FileStatus();
  /** null if the file is to be read whatever it is. */
  #reader: CdbReader | null = null;

  /** @param allowMissing a file that is not there allows everyone (`-X`) */
  constructor(
    path: string | null,
    readonly allowMissing: boolean,
  ) {
    this.#path = path === null ? null : cString(path);
  }

  /** Looks at the file's identity at each call, at its bytes only if new. */
  decide(peer: Peer): Access {
    if (this.#path === null) return allowAll;
    try {
      const isSame = this.#now.ofPath(this.#path).isSame(this.#read);
      const known = isSame ? this.#reader : null;
      return decide(known ?? this.#load(this.#path), peer);
    } catch (error) {
      this.#reader = null;
      if (this.allowMissing && codeOf(error) === "ENOENT") {
        return allowAll;
      }
      return { type: "unreadable", reason: reason(error) };
    }
  }

  #load(path: Uint8Array<ArrayBuffer>): CdbReader {
    const fd = openFile(path);
    try {
      const { size, changedMs } = this.#read.ofDescriptor(fd);
      // If it shrinks meanwhile, the reader sees zeros.
      const reader = new CdbReader(readFile(fd, size));
      const age = Date.now() - changedMs;
      this.#reader = Math.abs(age) < settledMs ? null : reader;
      return reader;
    } finally {
      closeDescriptor(fd);
    }
  }
}
