/**
 * Message text as DATA wants it: lines end with CRLF, and a dot at the start of
 * one is doubled (RFC 5321 4.5.2).
 *
 * @module
 */
type Bytes = Uint8Array<ArrayBuffer>;

const lineFeed = 0x0a, carriageReturn = 0x0d, dot = 0x2e;

/** Nothing is kept of the text but where it stands. */
export class DataText {
  /** Of the last byte: whether a line begins after it. */
  #atLineStart = true;
  #afterReturn = false;

  /**
   * @param bytes lines that end with LF. A CR, with LF or without, ends a line
   *   too: what a server makes of a bare one is its own affair, and a line that
   *   begins for it begins for us.
   */
  encode(bytes: Bytes): Bytes {
    const out = new Uint8Array(this.#encodedBytes(bytes));
    let to = 0;
    for (const byte of bytes) {
      if (byte === lineFeed) {
        if (!this.#afterReturn) {
          out[to++] = carriageReturn;
          out[to++] = lineFeed;
        }
        this.#afterReturn = false;
        this.#atLineStart = true;
        continue;
      }
      this.#afterReturn = byte === carriageReturn;
      if (this.#afterReturn) {
        out[to++] = carriageReturn;
        out[to++] = lineFeed;
        this.#atLineStart = true;
        continue;
      }
      if (this.#atLineStart && byte === dot) out[to++] = dot;
      this.#atLineStart = false;
      out[to++] = byte;
    }
    return out.subarray(0, to);
  }

  /** What ends it. */
  end(): string {
    return this.#atLineStart ? ".\r\n" : "\r\n.\r\n";
  }

  /** Of the output, at most. */
  #encodedBytes(bytes: Bytes): number {
    let more = 1;
    for (const byte of bytes) {
      if (byte === lineFeed || byte === carriageReturn || byte === dot) more++;
    }
    return bytes.length + more;
  }
}
