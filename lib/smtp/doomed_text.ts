/**
 * What is left of a text that holds what no message may hold, after DATA: it
 * is read to its real end, so that a client that sends first and listens
 * afterwards hears why. Nothing of it is kept.
 *
 * @module
 */
const lf = 0x0a;
const cr = 0x0d;
const dot = 0x2e;

/** The only end of a text. */
const end = [cr, lf, dot, cr, lf];

export class DoomedText {
  /** How much of the end has been seen. */
  #seen: number;
  #left: number;

  /**
   * @param reply why it is refused
   * @param last the byte that came last
   * @param mostBytes that are read yet, at most
   */
  constructor(readonly reply: string, last: number, mostBytes: number) {
    this.#seen = last === cr ? 1 : 0;
    this.#left = mostBytes;
  }

  /** Reads input from `from` on. @returns whether that was the last of it */
  read(input: Uint8Array, from: number): boolean {
    this.#left -= input.length - from;
    let seen = this.#seen;
    for (let at = from; at < input.length; at++) {
      if (seen === 0) {
        at = input.indexOf(cr, at);
        if (at === -1) break;
      }
      const byte = input[at];
      if (byte === end[seen]) seen++;
      else seen = byte === cr ? 1 : 0;
      if (seen === end.length) return true;
    }
    this.#seen = seen;
    return this.#left <= 0;
  }
}
