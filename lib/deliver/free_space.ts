/**
 * Whether a disk has room for more mail.
 *
 * @module
 */
import { fileSystemOf } from "../sys/files.ts";
import { codeOf } from "../base/reason.ts";

/** An answer is good for this long. */
const freshMs = 1000;

export class FreeSpace {
  #short = false;
  #askedAt = -Infinity;

  /** @param minFreePercent of the file system that `path` is, or will be, on */
  constructor(readonly path: string, readonly minFreePercent: number) {}

  isShort(): boolean {
    if (this.minFreePercent === 0) return false;
    const now = performance.now();
    if (now - this.#askedAt >= freshMs) {
      this.#askedAt = now;
      this.#short = freePercent(this.path) < this.minFreePercent;
    }
    return this.#short;
  }
}

/** Of what we, who need not be root, may use, as df shows it. */
function freePercent(path: string): number {
  try {
    const { blocks, free, available } = fileSystemOf(path);
    const usable = blocks - free + available;
    return usable > 0 ? available / usable * 100 : 100;
  } catch (error) {
    const parent = path.replace(/\/+[^/]+\/*$/, "") || "/";
    const isMissing = codeOf(error) === "ENOENT";
    if (isMissing && path.includes("/") && parent !== path) {
      return freePercent(parent);
    }
    return 100; // delivery itself will say what is wrong
  }
}
