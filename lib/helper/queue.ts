/**
 * Who is next, fair by client: each client has one turn, however much he asks.
 *
 * @module
 */

/** What belongs to a client. */
export interface Owned {
  readonly client: string;
}

export class FairQueue<T extends Owned> {
  /** In the order of their turns. */
  readonly #waiting = new Map<string, Set<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  *[Symbol.iterator](): Generator<T> {
    for (const own of this.#waiting.values()) yield* own;
  }

  /** Once, however often it is added. */
  add(each: T): void {
    const own = this.#waiting.get(each.client);
    if (own?.has(each)) return;
    if (own) own.add(each);
    else this.#waiting.set(each.client, new Set([each]));
    this.#size++;
  }

  delete(each: T): void {
    const own = this.#waiting.get(each.client);
    if (!own?.delete(each)) return;
    this.#size--;
    if (own.size === 0) this.#waiting.delete(each.client);
  }

  /**
   * Takes out who is next.
   *
   * @param rank of a client: those of a lower one come first
   */
  next(rank: (client: string) => number = () => 0): T | null {
    let client: string | undefined, lowest = Infinity;
    for (const each of this.#waiting.keys()) {
      const own = rank(each);
      if (own < lowest) [client, lowest] = [each, own];
    }
    if (client === undefined) return null;
    const own = this.#waiting.get(client)!;
    const [first] = own;
    this.delete(first);
    if (own.size > 0) {
      this.#waiting.delete(client);
      this.#waiting.set(client, own); // behind all others
    }
    return first;
  }

  /**
   * Whom it costs when there is no room: of the client that has most, the
   * last; where several have as many, of the one who has waited longest. Null
   * if there is none.
   */
  most(): T | null {
    let most: Set<T> | undefined;
    for (const own of this.#waiting.values()) {
      if (most === undefined || own.size > most.size) most = own;
    }
    return most === undefined ? null : [...most].at(-1)!;
  }
}
