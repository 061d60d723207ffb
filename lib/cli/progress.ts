/**
 * How far a long run has come, for a person who waits at a terminal.
 *
 * @module
 */

const patienceMs = 1000;
const redrawMs = 100;
const width = 30;

export class Progress {
  readonly #start = performance.now();
  #next = patienceMs;
  #done = 0;
  #shown = false;

  /**
   * @param label in front of the bar
   * @param total bytes to come; null if unknown
   * @param draw takes what goes to the terminal; null says nothing
   */
  constructor(
    readonly label: string,
    readonly total: number | null,
    readonly draw: ((text: string) => void) | null,
  ) {}

  /** More bytes are done; draws when a second has passed, and then on. */
  advance(bytes: number): void {
    this.#done += bytes;
    const elapsed = performance.now() - this.#start;
    if (!this.draw || elapsed < this.#next) return;
    this.#next = elapsed + redrawMs;
    this.#shown = true;
    this.draw(`\r${this.label}: ${this.#state()}`);
  }

  /** Wipes the line. */
  end(): void {
    if (this.#shown) this.draw?.("\r\x1b[K");
  }

  #state(): string {
    const { total } = this;
    const megabytes = `${Math.floor(this.#done / 1e6)} MB`;
    if (!total) return megabytes;
    const part = Math.min(1, this.#done / total);
    const bar = "#".repeat(Math.floor(part * width)).padEnd(width, ".");
    const percent = `${Math.floor(part * 100)}%`.padStart(4);
    return `[${bar}] ${percent} ${megabytes}`;
  }
}
