/**
 * What the framings of message text have in common: their output, its size,
 * and what is counted on the way.
 *
 * @module
 */
import { HopCounter } from "./hops.ts";

/** Output is handed on in pieces of at least this size. */
const pieceBytes = 4096;

const ascii = new TextEncoder();
const empty = new Uint8Array(0);
const tab = 0x09, lf = 0x0a, cr = 0x0d, space = 0x20;

/** What no message may hold. */
export type Fault = "bareLf" | "bareCr" | "nul";

export abstract class Framer {
  /** Whether the end of the text was seen. */
  ended = false;
  fault: Fault | null = null;
  /** Whether a line was longer than it may be. */
  hasLongLine = false;
  /** Bytes of text so far, as they are handed on. */
  textBytes = 0;
  protected readonly hopCounter = new HopCounter();
  protected output = empty;
  protected length = 0;
  /** What goes before the text, until there is text. */
  #head: string;
  /** Where the text starts in the output; 0 once that is known to be well. */
  #textAt = 0;

  /**
   * @param head ASCII to put before the text; it is not counted
   * @param guarded whether a text whose first line would go on with the head's
   *   last field, which is ours, gets an empty line before it
   */
  constructor(head: string, readonly guarded: boolean) {
    this.#head = head;
  }

  /**
   * Reads input from `from` on, up to the end of the text or a fault.
   *
   * @returns the index of the first byte that was not read
   */
  abstract feed(input: Uint8Array, from: number): number;

  /** No more text will come. */
  finish(): void {
    this.ended = true;
    this.reserve(0); // a message of nothing still has its head
  }

  /** Header lines that tell of an earlier server. */
  get hops(): number {
    return this.hopCounter.count;
  }

  /** The output, once there is a piece of it or the text has ended. */
  take(): Uint8Array<ArrayBuffer> | null {
    if (this.length < (this.ended ? 1 : pieceBytes)) return null;
    // However long the head is: what it goes on with has to be seen before.
    if (this.#textAt === this.length && !this.ended) return null;
    if (this.#textAt > 0) this.#guardHead();
    const piece = this.output.subarray(0, this.length);
    this.output = empty;
    this.length = 0;
    return piece;
  }

  #guardHead(): void {
    const at = this.#textAt;
    this.#textAt = 0;
    const first = at < this.length ? this.output[at] : undefined;
    if (first !== space && first !== tab) return;
    const line = this.output[at - 2] === cr ? [cr, lf] : [lf];
    const guarded = new Uint8Array(this.length + line.length);
    guarded.set(this.output.subarray(0, at));
    guarded.set(line, at);
    guarded.set(this.output.subarray(at, this.length), at + line.length);
    this.output = guarded;
    this.length = guarded.length;
  }

  /** Forgets the output. */
  discard(): void {
    this.length = 0;
  }

  /** Makes room for as much text, and for what is yet held back. */
  protected reserve(inputBytes: number): void {
    // Two bytes of an input before this one may turn out to be text.
    const wanted = this.length + this.#head.length + inputBytes + 2;
    if (wanted > this.output.length) {
      const larger = new Uint8Array(Math.max(wanted, 2 * this.length));
      larger.set(this.output.subarray(0, this.length));
      this.output = larger;
    }
    if (this.#head === "") return;
    this.length += ascii.encodeInto(this.#head, this.output).written;
    this.#head = "";
    if (this.guarded) this.#textAt = this.length;
  }
}
