/**
 * All or nothing: what was done is undone when something fails.
 *
 * @module
 */
export class Undo {
  readonly #acts: (() => void)[] = [];

  /** Does something, and remembers how it is undone. */
  do(act: () => void, undo: () => void): void {
    act();
    this.#acts.push(undo);
  }

  /** The last comes first. */
  all(): void {
    for (const act of this.#acts.splice(0).reverse()) {
      try {
        act();
      } catch {
        // The rest is undone all the same; what went wrong first is told.
      }
    }
  }
}
