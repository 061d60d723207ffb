/**
 * The framing of message text after DATA (RFC 5321 4.5.2): finds its end,
 * removes the stuffed dots and turns CRLF into LF.
 *
 * Only CRLF.CRLF is an end. Whoever takes anything else for one lets a sender
 * smuggle a second message past a server that does not.
 *
 * @module
 */
import { HopCounter } from "./hops.ts";

const nul = 0x00;
const lf = 0x0a;
const cr = 0x0d;
const dot = 0x2e;

/** What came last: a state of the scan. */
const inText = 0;
const atLineStart = 1;
const afterDot = 2;
const afterDotCr = 3;
const afterCr = 4;

/** Output is handed on in pieces of at least this size. */
const pieceBytes = 4096;

const ascii = new TextEncoder();
const empty = new Uint8Array(0);

/** Bytes that no message may hold: the sender must be cut off. */
export type Fault = "bareLf" | "bareCr" | "nul";

export class DataFramer {
  /** Whether CRLF.CRLF was seen. */
  ended = false;
  fault: Fault | null = null;
  /** Bytes of text so far, line ends counted as one. */
  textBytes = 0;
  readonly #hops = new HopCounter();
  readonly #strict: boolean;
  #state = atLineStart;
  /** What goes before the text, until there is text. */
  #head: string;
  #output = empty;
  #length = 0;

  /**
   * @param head ASCII to put before the text; it is not counted
   * @param strict whether a CR or NUL is a fault; if not, they are text
   */
  constructor(head: string, strict: boolean) {
    this.#head = head;
    this.#strict = strict;
  }

  /** Header lines that tell of an earlier server. */
  get hops(): number {
    return this.#hops.count;
  }

  /**
   * Reads input from `from` on, up to the end of the text or a fault.
   *
   * @returns the index of the first byte that was not read
   */
  feed(input: Uint8Array, from: number): number {
    let at = from;
    this.#reserve(input.length - at);
    const output = this.#output;
    const strict = this.#strict;
    const start = this.#length;
    let length = start;
    let state = this.#state;
    scan: while (at < input.length) {
      const byte = input[at++];
      if (byte === nul && strict) {
        this.fault = "nul";
        break;
      }
      switch (state) {
        case atLineStart:
          if (byte === dot) {
            state = afterDot;
            continue;
          }
          break;
        case afterDot:
          if (byte === cr) {
            state = afterDotCr;
            continue;
          }
          break;
        case afterDotCr:
          if (byte === lf) {
            this.ended = true;
            break scan;
          }
          if (strict) {
            this.fault = "bareCr";
            break scan;
          }
          output[length++] = dot;
          output[length++] = cr;
          break;
        case afterCr:
          if (byte === lf) {
            output[length++] = lf;
            state = atLineStart;
            continue;
          }
          if (strict) {
            this.fault = "bareCr";
            break scan;
          }
          output[length++] = cr;
          break;
      }
      if (byte === lf) {
        this.fault = "bareLf";
        break;
      }
      if (byte === cr) {
        state = afterCr;
        continue;
      }
      state = inText;
      output[length++] = byte;
      while (at < input.length) {
        const next = input[at];
        if (next === cr || next === lf || next === nul) break;
        output[length++] = next;
        at++;
      }
    }
    this.#state = state;
    this.#length = length;
    this.textBytes += length - start;
    this.#hops.scan(input, from, at);
    return at;
  }

  /** The output, once there is a piece of it or the text has ended. */
  take(): Uint8Array<ArrayBuffer> | null {
    if (this.#length < (this.ended ? 1 : pieceBytes)) return null;
    const piece = this.#output.subarray(0, this.#length);
    this.#output = empty;
    this.#length = 0;
    return piece;
  }

  /** Forgets the output. */
  discard(): void {
    this.#length = 0;
  }

  /** Makes room for as much text, and for what is yet held back. */
  #reserve(inputBytes: number): void {
    // The dot and CR of an input before this one may turn out to be text.
    const wanted = this.#length + this.#head.length + inputBytes + 2;
    if (wanted > this.#output.length) {
      const larger = new Uint8Array(Math.max(wanted, 2 * this.#length));
      larger.set(this.#output.subarray(0, this.#length));
      this.#output = larger;
    }
    if (this.#head === "") return;
    this.#length += ascii.encodeInto(this.#head, this.#output).written;
    this.#head = "";
  }
}
