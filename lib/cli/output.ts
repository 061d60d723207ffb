/**
 * What is written for a person or a pipe, and what becomes of it when it
 * cannot be written.
 *
 * A reader that has gone (`| head -1`) wants no more: that is silence, and the
 * exit code is what it would have been. Whatever else fails, such as a full
 * disk, ends the command with 111. A descriptor that was closed before the
 * start (`>&-`) cannot fail: the runtime opens /dev/null in its place.
 *
 * @module
 */
import { codeOf, reason } from "../base/reason.ts";
import { Fatal } from "../base/fatal.ts";

/** Small pieces are written together. */
const bufferBytes = 65536;

export class Output {
  readonly #buffer = new Uint8Array(bufferBytes);
  #buffered = 0;
  #isGone = false;

  /** @param writeSync to stdout, unless a test has something else */
  constructor(
    readonly writeSync: (bytes: Uint8Array) => number = (bytes) =>
      Deno.stdout.writeSync(bytes),
  ) {}

  /** Whether nobody reads any more: then there is no use in going on. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Takes a piece; all of it is written by {@linkcode flush} at the latest. */
  write(piece: Uint8Array): void {
    if (piece.length > bufferBytes - this.#buffered) this.flush();
    if (piece.length > bufferBytes) this.#writeAll(piece);
    else {
      this.#buffer.set(piece, this.#buffered);
      this.#buffered += piece.length;
    }
  }

  /** @throws Fatal */
  flush(): void {
    const pending = this.#buffer.subarray(0, this.#buffered);
    this.#buffered = 0;
    this.#writeAll(pending);
  }

  #writeAll(bytes: Uint8Array): void {
    if (this.#isGone) return;
    try {
      for (let rest = bytes; rest.length > 0;) {
        rest = rest.subarray(this.writeSync(rest));
      }
    } catch (error) {
      this.#isGone = true;
      if (codeOf(error) === "EPIPE") return;
      throw new Fatal(
        111,
        `fatal: unable to write the output: ${reason(error)}`,
        { cause: error },
      );
    }
  }
}

/** Writes pieces to stdout. Throws Fatal. */
export function write(
  pieces: Iterable<Uint8Array>,
  output = new Output(),
): void {
  for (const piece of pieces) {
    if (output.isGone) return;
    output.write(piece);
  }
  output.flush();
}

/** Writes lines to stdout. Throws Fatal. */
export function print(...lines: readonly string[]): void {
  const text = lines.map((line) => `${line}\n`).join("");
  write([new TextEncoder().encode(text)]);
}

/** Says something on stderr; if nobody can hear it, the exit code has to do. */
export function complain(lines: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(`${lines}\n`));
  } catch {
    // There is nobody to tell that telling has failed.
  }
}
