/**
 * Log lines to stderr without ever holding up who writes them.
 *
 * @module
 */

/** Past this many waiting bytes lines are dropped, and counted. */
const waitingBytesLimit = 1 << 20;

export class LineWriter {
  #waiting: string[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;

  /** Takes one line, without its newline. Returns at once. */
  line(text: string): void {
    if (this.#waitingBytes > waitingBytesLimit) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(text);
    this.#waitingBytes += text.length + 1;
    this.#writing ??= this.#drain();
  }

  /** Resolves when everything has been written, or `seconds` are over. */
  async flush(seconds: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, seconds * 1000);
    });
    await Promise.race([this.#writing, timeout]);
    clearTimeout(timer);
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // lines of the same turn go out together
    const encoder = new TextEncoder();
    while (this.#waiting.length > 0) {
      if (this.#dropped > 0) {
        this.#waiting.push(
          `tcpserver: warning: ${this.#dropped} log lines dropped`,
        );
        this.#dropped = 0;
      }
      let bytes = encoder.encode(this.#waiting.join("\n") + "\n");
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        while (bytes.length > 0) {
          bytes = bytes.subarray(await Deno.stderr.write(bytes));
        }
      } catch {
        // A log that has gone away must not take the gate with it.
      }
    }
    this.#writing = undefined;
  }
}
