/**
 * Replies of a server (RFC 5321 4.2), read as they come.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";

export interface Reply {
  readonly code: number;
  /** What stands after the code, line by line; byte strings. */
  readonly lines: readonly string[];
}

/** RFC 5321 4.5.3.1.5 has 512; some servers put whole paragraphs into one. */
const lineBytes = 4096;
/** Of a reply of many lines; the longest of EHLO's have some 30. */
const replyLines = 128;

const lineFeed = 0x0a;

export class ReplyReader {
  #line = "";
  #lines: string[] = [];
  #code = 0;
  /** What came was no reply, or one without an end; nothing more is read. */
  isBroken = false;

  /** Whether a reply has begun that has not ended yet. */
  get hasBegun(): boolean {
    return this.#line !== "" || this.#lines.length > 0;
  }

  /** The replies that end in some bytes. */
  *read(bytes: Uint8Array): Generator<Reply> {
    for (let at = 0; at < bytes.length && !this.isBroken;) {
      const end = bytes.indexOf(lineFeed, at);
      const piece = bytes.subarray(at, end < 0 ? bytes.length : end);
      if (this.#line.length + piece.length > lineBytes) {
        this.isBroken = true;
        return;
      }
      this.#line += fromBytes(piece);
      if (end < 0) return;
      at = end + 1;
      const reply = this.#take(this.#line.replace(/\r$/, ""));
      this.#line = "";
      if (reply) yield reply;
    }
  }

  #take(line: string): Reply | null {
    const found = /^([2-5]\d\d)(?:([ -])(.*))?$/s.exec(line);
    const code = Number(found?.[1]);
    const isFirst = this.#lines.length === 0;
    if (!found || (!isFirst && code !== this.#code)) {
      this.isBroken = true;
      return null;
    }
    const [, , separator, text = ""] = found;
    this.#code = code;
    this.#lines.push(text);
    if (separator === "-") {
      this.isBroken = this.#lines.length >= replyLines;
      return null;
    }
    const lines = this.#lines;
    this.#lines = [];
    return { code, lines };
  }
}
