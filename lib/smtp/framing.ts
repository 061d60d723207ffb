/**
 * The framing of message text after DATA (RFC 5321 4.5.2): finds its end,
 * removes the stuffed dots and turns CRLF into LF.
 *
 * Only CRLF.CRLF is an end. Whoever takes anything else for one lets a sender
 * smuggle a second message past a server that does not. Where a bare LF is let
 * pass it ends a line, never a message.
 *
 * @module
 */
import { Framer } from "./framer.ts";

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
/** At the start of a line, after a bare LF: no end of the text can begin. */
const atLooseLineStart = 5;

export interface TextRules {
  /** Whether a CR or NUL is a fault; if not, they are text. */
  readonly strict: boolean;
  /** Whether a bare LF ends a line; if not, it is a fault. */
  readonly lfEndsLines: boolean;
  /** The longest line there may be, its end not counted. */
  readonly lineBytes: number;
}

export class DataFramer extends Framer {
  readonly #rules: TextRules;
  #state = atLineStart;
  /** Bytes so far of the line that is being read. */
  #lineLength = 0;

  /** @param head ASCII to put before the text; it is not counted */
  constructor(head: string, rules: TextRules) {
    super(head, rules.strict);
    this.#rules = rules;
  }

  feed(input: Uint8Array, from: number): number {
    let at = from;
    this.reserve(input.length - at);
    const output = this.output;
    const { strict, lfEndsLines, lineBytes } = this.#rules;
    const start = this.length;
    let length = start;
    let lineStart = start - this.#lineLength;
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
        case atLooseLineStart:
          if (byte === dot) {
            state = inText;
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
            lineStart = length;
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
        if (!lfEndsLines) {
          this.fault = "bareLf";
          break;
        }
        output[length++] = lf;
        lineStart = length;
        state = atLooseLineStart;
        continue;
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
      if (length - lineStart > lineBytes) this.hasLongLine = true;
    }
    this.#lineLength = length - lineStart;
    this.#state = state;
    this.length = length;
    this.textBytes += length - start;
    this.hopCounter.scan(input, from, at);
    return at;
  }
}
