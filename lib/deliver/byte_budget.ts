/**
 * So many bytes may be held in memory at once; who wants more waits.
 *
 * @module
 */

export class ByteBudget {
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = [];
  #left: number;

  constructor(readonly bytes: number) {
    this.#left = bytes;
  }

  /**
   * Does something while it holds so many; more than there are count as all.
   * Nobody is passed over: a large one has its turn.
   */
  async holding<T>(bytes: number, act: () => Promise<T>): Promise<T> {
    const held = Math.min(bytes, this.bytes);
    await this.#take(held);
    try {
      return await act();
    } finally {
      this.#left += held;
      this.#serve();
    }
  }

  #take(bytes: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, go: resolve });
    this.#serve();
    return promise;
  }

  #serve(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (!next || next.bytes > this.#left) return;
      this.#waiting.shift();
      this.#left -= next.bytes;
      next.go();
    }
  }
}
