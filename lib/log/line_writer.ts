/**
 * Log lines to stderr without ever holding up who writes them.
 *
 * @module
 */

/** Past this many waiting bytes lines are dropped, and counted. */
export const waitingBytesLimit = 1 << 20;

/**
 * A write up to this size is whole or not at all when stderr is a pipe
 * (PIPE_BUF, pipe(7)): it neither mixes with the lines of workers and programs
 * that share it, nor is it cut when the reader leaves.
 */
const atomicBytes = 4096;

/** Before another try, when stderr does not block and is full. */
const fullMs = 20;

/** A line, or how many were dropped where it would stand. */
type Entry = string | number;

/** Those who have something to write. */
const busy = new Set<{ flush(seconds: number): Promise<void> }>();

/** Has {@linkcode flushAll} wait for a writer, too, until all is written. */
export function whileBusy(
  writer: { flush(seconds: number): Promise<void> },
  writing: Promise<void>,
): Promise<void> {
  busy.add(writer);
  return writing.finally(() => busy.delete(writer));
}

/** Resolves when all that anybody has is written, or `seconds` are over. */
export async function flushAll(seconds: number): Promise<void> {
  await Promise.all([...busy].map((writer) => writer.flush(seconds)));
}

export class LineWriter {
  #waiting: Entry[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;
  /** What was written last was a part of a line. */
  #torn = false;

  /**
   * @param write takes bytes, and tells how many of them (write(2))
   * @param droppedLine what is said about lines that were dropped
   */
  constructor(
    readonly write: (bytes: Uint8Array) => Promise<number>,
    public droppedLine: (count: number) => string,
  ) {}

  /** Takes one line, without its newline. Returns at once. */
  line(text: string): void {
    // Once full, half of it is to be free first: one notice, not hundreds.
    const limit = waitingBytesLimit / (this.#dropped > 0 ? 2 : 1);
    if (this.#waitingBytes > limit) {
      this.#dropped++;
      return;
    }
    this.#tellDropped();
    this.#waiting.push(text);
    this.#waitingBytes += text.length + 1;
    this.#writing ??= whileBusy(this, this.#drain());
  }

  /** How much has not been written yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Resolves when everything has been written, or `seconds` are over. */
  async flush(seconds: number): Promise<void> {
    await within(seconds, this.#writing);
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    this.#waiting.push(this.#dropped);
    this.#dropped = 0;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // lines of the same turn go out together
    while (this.#waiting.length > 0) {
      const entries = this.#waiting;
      this.#waiting = [];
      let written = true;
      for (let at = 0; at < entries.length;) {
        const { text, end } = this.#batch(entries, at);
        written = await this.#writeAll(new TextEncoder().encode(text));
        for (; at < end; at++) {
          const entry = entries[at];
          if (typeof entry === "string") this.#waitingBytes -= entry.length + 1;
          if (!written) this.#dropped += typeof entry === "string" ? 1 : entry;
        }
      }
      if (written) this.#tellDropped();
    }
    this.#writing = undefined;
  }

  /** As many entries as go out at once; a longer line goes alone. */
  #batch(entries: readonly Entry[], start: number) {
    let text = "", end = start;
    while (end < entries.length) {
      const entry = entries[end];
      const line = typeof entry === "string" ? entry : this.droppedLine(entry);
      if (end > start && text.length + line.length + 1 > atomicBytes) break;
      text += line + "\n";
      end++;
    }
    return { text, end };
  }

  /** False when stderr has gone away: that must not take the gate with it. */
  async #writeAll(bytes: Uint8Array): Promise<boolean> {
    if (this.#torn && !await this.#writeSome(newline)) return false;
    this.#torn = false;
    while (bytes.length > 0) {
      const n = await this.#writeSome(bytes);
      if (n === 0) return false;
      this.#torn = bytes[n - 1] !== newline[0];
      bytes = bytes.subarray(n);
    }
    return true;
  }

  /** How many bytes were taken; 0 when none will be. */
  async #writeSome(bytes: Uint8Array): Promise<number> {
    for (;;) {
      try {
        return await this.write(bytes);
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock)) return 0;
        await new Promise((resolve) => setTimeout(resolve, fullMs));
      }
    }
  }
}

const newline = new Uint8Array([10]);

/** Waits until something is over, or `seconds` are. */
export async function within(
  seconds: number,
  work: Promise<void> | null | undefined,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
  });
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}
