/**
 * Loop detection (RFC 5321 6.3).
 *
 * @module
 */

const lineFeed = 0x0a;
const received = "received";
const delivered = "delivered";
const emptyLine = "\r\n";

/**
 * Counts the header lines that start with `received` or `delivered`, letter
 * case ignored, up to the empty line, as qmail-smtpd does: in the input as it
 * comes, where a stuffed dot hides a line.
 */
export class HopCounter {
  count = 0;
  #inHeader = true;
  #column = 0;
  /** What the line may still turn out to start with. */
  #word = "";

  /** Reads on in bytes[from, to). */
  scan(bytes: Uint8Array, from: number, to: number): void {
    while (this.#inHeader && from < to) {
      if (this.#word === "" && this.#column > 0) {
        from = this.#skipLine(bytes, from, to);
      } else this.#read(bytes[from++]);
    }
  }

  #read(byte: number): void {
    if (byte === lineFeed) {
      this.#inHeader = this.#column > 0 && this.#word !== emptyLine;
      this.#word = "";
      this.#column = 0;
      return;
    }
    const inLowerCase = byte | 0x20; // no other byte becomes a letter by it
    if (this.#column === 0) this.#word = wordFrom(byte);
    else if (inLowerCase !== this.#word.charCodeAt(this.#column)) {
      this.#word = "";
    }
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

function wordFrom(byte: number): string {
  switch (byte) {
    case 0x52: // R
    case 0x72: // r
      return received;
    case 0x44: // D
    case 0x64: // d
      return delivered;
    case 0x0d: // CR
      return emptyLine;
    default:
      return "";
  }
}
