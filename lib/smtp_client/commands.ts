/**
 * The commands of a client: those that wait for their turn, and the answers
 * that are due.
 *
 * @module
 */
import type { Step } from "./steps.ts";

interface Command {
  readonly line: string;
  readonly step: Step;
  /** May be sent before what goes before it is answered (RFC 2920). */
  readonly follows: boolean;
}

/** An answer that has to come. */
interface Due {
  readonly step: Step;
  /** Nobody wants to know it any more. */
  isForgotten: boolean;
}

export class Commands {
  readonly #due: Due[] = [];
  #waiting: Command[] = [];

  /** What the next answer is about; null while none is due. */
  get next(): Step | null {
    return this.#due[0]?.step ?? null;
  }

  /** An answer has to come, to what is sent by others. */
  expect(step: Step): void {
    this.#due.push({ step, isForgotten: false });
  }

  add(step: Step, line: string, follows: boolean): void {
    this.#waiting.push({ step, line, follows });
  }

  /** An answer has come; null if none was due. */
  answered(): Due | null {
    return this.#due.shift() ?? null;
  }

  /** What waits is not wanted any more, nor are the answers. */
  forget(): void {
    for (const each of this.#due) each.isForgotten = true;
    this.#waiting = [];
  }

  clear(): void {
    this.#due.length = 0;
    this.#waiting = [];
  }

  /**
   * The lines that may be sent now.
   *
   * @param isPipelined the server takes several at once
   * @param answers is asked of what would be next to be sent alone, and true
   *   if it has answered that itself
   */
  takeLines(isPipelined: boolean, answers: (step: Step) => boolean): string {
    let lines = "";
    for (let next; (next = this.#waiting[0]) !== undefined;) {
      const isAlone = this.#due.length === 0;
      if (!isAlone && !(next.follows && isPipelined)) break;
      this.#waiting.shift();
      if (isAlone && answers(next.step)) continue;
      this.expect(next.step);
      lines += next.line;
    }
    return lines;
  }
}
