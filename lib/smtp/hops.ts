/**
 * Loop detection (RFC 5321 6.3).
 *
 * @module
 */

const lineFeed = 0x0a;
const received = "received";
const delivered = "delivered";

/**
 * Counts the header lines that start with `received` or `delivered`, letter
 * case ignored, up to the empty line, as qmail-smtpd does.
 */
export class HopCounter {
  count = 0;
  #inHeader = true;
  #column = 0;
  #word = "";

  /** Reads on in bytes[from, to): message text with LF line ends. */
  scan(bytes: Uint8Array, from: number, to: number): void {
    while (this.#inHeader && from < to) {
      if (this.#word === "" && this.#column > 0) {
        from = this.#skipLine(bytes, from, to);
      } else this.#read(bytes[from++]);
    }
  }

  #read(byte: number): void {
    if (byte === lineFeed) {
      this.#inHeader = this.#column > 0;
      this.#column = 0;
      this.#word = "";
      return;
    }
    const letter = byte | 0x20; // lower case; no other byte becomes a letter
    if (this.#column === 0) {
      this.#word = letter === 0x72
        ? received
        : letter === 0x64
        ? delivered
        : "";
    } else if (letter !== this.#word.charCodeAt(this.#column)) this.#word = "";
    this.#column++;
    if (this.#column === this.#word.length) {
      this.count++;
      this.#word = "";
    }
  }

  #skipLine(bytes: Uint8Array, from: number, to: number): number {
    while (from < to && bytes[from] !== lineFeed) from++;
    if (from === to) return to;
    this.#column = 0;
    return from + 1;
  }
}
