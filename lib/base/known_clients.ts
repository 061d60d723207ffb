/**
 * Clients of whom something is remembered for a while.
 *
 * @module
 */

/** More are not remembered: the oldest are forgotten. */
const mostClients = 1000;

export class KnownClients {
  /** Until when, the oldest first. */
  readonly #until = new Map<string, number>();

  constructor(readonly milliseconds: number) {}

  /** @param now on any clock that only goes forward */
  add(client: string, now: number): void {
    this.#until.delete(client);
    this.#until.set(client, now + this.milliseconds);
    if (this.#until.size <= mostClients) return;
    const [oldest] = this.#until.keys();
    this.#until.delete(oldest);
  }

  has(client: string, now: number): boolean {
    return (this.#until.get(client) ?? -Infinity) > now;
  }
}
