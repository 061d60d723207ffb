/**
 * The framing of message text that comes in chunks of a told size (BDAT, RFC
 * 3030): nothing in it is an end, so nothing in it can be smuggled.
 *
 * @module
 */
import { Framer } from "./framer.ts";
import type { TextRules } from "./framing.ts";

const nul = 0x00;
const lf = 0x0a;
const cr = 0x0d;

/**
 * Lines of text: turns CRLF into LF. A bare CR is a fault, and so is a bare LF
 * where it does not end a line.
 */
export class TextChunks extends Framer {
  #afterCr = false;
  #lineLength = 0;

  constructor(head: string, readonly rules: Omit<TextRules, "strict">) {
    super(head, true);
  }

  feed(input: Uint8Array, from: number): number {
    let at = from;
    this.reserve(input.length - at + 1); // and the end of the last line
    const { lfEndsLines, lineBytes } = this.rules;
    const output = this.output;
    const start = this.length;
    let length = start;
    let lineStart = start - this.#lineLength;
    let afterCr = this.#afterCr;
    for (; at < input.length && !this.fault; at++) {
      const byte = input[at];
      if (afterCr && byte !== lf) this.fault = "bareCr";
      else if (byte === lf && !afterCr && !lfEndsLines) this.fault = "bareLf";
      else if (byte === nul) this.fault = "nul";
      else if (byte === cr) afterCr = true;
      else {
        output[length++] = byte;
        if (byte === lf) lineStart = length;
        else if (length - lineStart > lineBytes) this.hasLongLine = true;
        afterCr = false;
      }
    }
    this.#lineLength = length - lineStart;
    this.#afterCr = afterCr;
    this.length = length;
    this.textBytes += length - start;
    this.hopCounter.scan(input, from, at);
    return at;
  }

  override finish(): void {
    super.finish();
    if (this.#afterCr) this.fault = "bareCr";
    if (this.#lineLength === 0) return;
    this.reserve(1);
    this.output[this.length++] = lf;
    this.textBytes++;
  }
}

/** Bytes of any kind (BINARYMIME), kept as they are. */
export class BinaryChunks extends Framer {
  /** @param head with LF line ends, which become CRLF like the text's */
  constructor(head: string) {
    super(head.replaceAll("\n", "\r\n"), true);
  }

  feed(input: Uint8Array, from: number): number {
    const bytes = input.subarray(from);
    this.reserve(bytes.length);
    this.output.set(bytes, this.length);
    this.length += bytes.length;
    this.textBytes += bytes.length;
    this.hopCounter.scan(input, from, input.length);
    return input.length;
  }
}
