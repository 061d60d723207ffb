/**
 * Lines that go to stderr beside where they are to go: whoever reads them
 * there is waited for a little, so that nothing is lost, but holds nobody up.
 *
 * @module
 */
import { LineWriter, waitingBytesLimit } from "./line_writer.ts";

/** As long as a reader may stand still before lines are dropped. */
const patienceSeconds = 1;

export class StderrCopy {
  readonly #writer: LineWriter;
  #isStalled = false;

  /**
   * @param droppedLine what is said about lines that were dropped
   * @param write takes bytes, as stderr does
   */
  constructor(
    droppedLine: (count: number) => string,
    write = (bytes: Uint8Array) => Deno.stderr.write(bytes),
  ) {
    this.#writer = new LineWriter(write, droppedLine);
  }

  /** Resolves when there is room for more, or nobody makes any. */
  async line(text: string): Promise<void> {
    this.#writer.line(text);
    if (!this.#isFilling) this.#isStalled = false;
    else if (!this.#isStalled) {
      await this.#writer.flush(patienceSeconds);
      this.#isStalled = this.#isFilling;
    }
  }

  /** Writes the rest, as long as somebody takes it. */
  async close(): Promise<void> {
    let left;
    do {
      left = this.#writer.waitingBytes;
      await this.#writer.flush(patienceSeconds);
    } while (this.#writer.waitingBytes < left);
  }

  get #isFilling(): boolean {
    return this.#writer.waitingBytes > waitingBytesLimit / 2;
  }
}
