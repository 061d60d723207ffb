/**
 * A trouble that is met again and again until somebody mends it.
 *
 * @module
 */
import { type Emit, trouble } from "./events.ts";

export class LastingTrouble {
  #told = "";

  constructor(readonly emit: Emit) {}

  /** Tells it, unless it is what was told last. */
  tell(lines: readonly string[]): void {
    const text = lines.join("\n");
    if (text === this.#told) return;
    this.#told = text;
    for (const line of lines) this.emit(trouble(line));
  }

  /** It is over: the next one is told, even if it is the same. */
  over(): void {
    this.#told = "";
  }
}
