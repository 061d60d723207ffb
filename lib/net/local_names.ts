/**
 * The host names of our own addresses: they change rarely, but are asked for
 * always.
 *
 * @module
 */
import { hostOf } from "./names.ts";
import type { Resolver } from "./resolver.ts";

const freshMs = 60_000;
/** A proxy's header may name any address as ours. */
const namesLimit = 1024;

export class LocalNames {
  readonly #known = new Map<string, { name: string | null; at: number }>();

  constructor(readonly resolver: Resolver) {}

  /** null if it has none. */
  async of(ip: string): Promise<string | null> {
    const known = this.#known.get(ip);
    if (known && performance.now() - known.at < freshMs) return known.name;
    const name = await hostOf(ip, this.resolver);
    if (this.#known.size >= namesLimit) this.#known.clear();
    this.#known.set(ip, { name, at: performance.now() });
    return name;
  }

  /** How many are held in memory. */
  get remembered(): number {
    return this.#known.size;
  }
}
