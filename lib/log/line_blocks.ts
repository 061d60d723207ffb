/**
 * Lines into a file, many at a time, without ever holding up who writes them:
 * bytes are put into a block, which is written when it is full or old.
 *
 * @module
 */
import { whileBusy, within } from "./line_writer.ts";

/** A line waits no longer for others that are written with it. */
const gatherMs = 50;

const blockBytes = 65536;

/** Past this many that wait lines are lost, and counted. */
const mostBlocks = 16;

interface Block {
  readonly bytes: Uint8Array;
  length: number;
  lines: number;
  /** That were lost before its first. */
  lostBefore: number;
}

const newline = 10;
const lineEnd = new Uint8Array([newline]);

export class LineBlocks {
  /** The last one is being filled. */
  #blocks: Block[] = [];
  #spare: Block | null = null;
  /** Lines that were lost since the last block began. */
  #lost = 0;
  /** Lines that nobody could be told of so far. */
  #untold = 0;
  #writing: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What was written last was a part of a line. */
  #torn = false;

  /**
   * @param write takes bytes, and tells how many of them; it throws when it can
   *   take none
   * @param lostLine what is said about lines that were lost
   */
  constructor(
    readonly write: (bytes: Uint8Array) => Promise<number>,
    readonly lostLine: (count: number) => string,
  ) {}

  /** Takes a copy of one line, without its newline. Returns at once. */
  line(bytes: Uint8Array): void {
    const block = this.#blockFor(bytes.length + 1);
    if (block === null) {
      this.#lost++;
      return;
    }
    block.bytes.set(bytes, block.length);
    block.length += bytes.length;
    block.bytes[block.length++] = newline;
    block.lines++;
  }

  /** Resolves when everything has been written, or `seconds` are over. */
  async flush(seconds: number): Promise<void> {
    this.#begin();
    await within(seconds, this.#writing);
  }

  /** One with room; null if too many wait already, or none is large enough. */
  #blockFor(length: number): Block | null {
    const last = this.#blocks.at(-1);
    if (last && last.length + length <= blockBytes) return last;
    if (length > blockBytes || this.#blocks.length >= mostBlocks) return null;
    const block = this.#spare ??
      { bytes: new Uint8Array(blockBytes), length: 0, lines: 0, lostBefore: 0 };
    this.#spare = null;
    block.lostBefore = this.#lost;
    this.#lost = 0;
    this.#blocks.push(block);
    if (last) this.#begin();
    else if (this.#writing === null) this.#wait();
    return block;
  }

  #wait(): void {
    let over = () => {};
    const waiting = new Promise<void>((resolve) => over = resolve);
    this.#timer = setTimeout(() => this.#begin(), gatherMs);
    this.#over = over;
    whileBusy(this, waiting);
  }

  /** All that waited has been written. */
  #over = () => {};

  #begin(): void {
    clearTimeout(this.#timer);
    if (this.#blocks.length > 0) this.#writing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    /** Not told yet. */
    let lost = this.#untold;
    while (this.#blocks.length > 0) {
      const block = this.#blocks.shift()!;
      lost = await this.#tellLost(lost + block.lostBefore);
      const text = block.bytes.subarray(0, block.length);
      if (!await this.#writeAll(text)) lost += block.lines;
      block.length = block.lines = 0;
      this.#spare = block;
    }
    lost += this.#lost;
    this.#lost = 0;
    this.#untold = await this.#tellLost(lost);
    this.#writing = null;
    this.#over();
    if (this.#blocks.length > 0) this.#wait();
  }

  /** @returns how many are still to be told of */
  async #tellLost(count: number): Promise<number> {
    if (count === 0) return 0;
    const line = new TextEncoder().encode(`${this.lostLine(count)}\n`);
    return await this.#writeAll(line) ? 0 : count;
  }

  /** Whether all was taken. */
  async #writeAll(bytes: Uint8Array): Promise<boolean> {
    try {
      if (this.#torn) await this.write(lineEnd);
      this.#torn = false;
      while (bytes.length > 0) {
        const taken = await this.write(bytes);
        this.#torn = bytes[taken - 1] !== newline;
        bytes = bytes.subarray(taken);
      }
      return true;
    } catch {
      return false; // whoever writes has told why
    }
  }
}
