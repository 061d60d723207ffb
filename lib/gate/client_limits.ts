/**
 * What one client address may have: connections at once (`--per-ip`, or its
 * share of the gate's), and connections in a time (`--rate`). Pure: the clock
 * is handed in.
 *
 * @module
 */
import { clientKey } from "../base/ip.ts";

/** Clients in a generation; the clients of two generations are remembered. */
const generationSize = 32768;

export interface Rate {
  readonly connections: number;
  readonly seconds: number;
}

interface Bucket {
  /** Connections that may still come now; fractions grow back. */
  tokens: number;
  at: number;
}

export class ClientLimits {
  readonly #active = new Map<string, number>();
  #buckets = new Map<string, Bucket>();
  #olderBuckets = new Map<string, Bucket>();

  /** @param isShared whether clients are counted though there is no number */
  constructor(
    readonly perClient: number | null,
    readonly rate: Rate | null,
    readonly isShared = false,
  ) {}

  /**
   * Takes a connection, or says why not. One that was taken must be given
   * back by {@linkcode leave}.
   *
   * @param nowMs any clock that only goes forward
   * @param hasRoom whether one that has so many may have one more
   */
  enter(
    ip: string,
    nowMs: number,
    hasRoom?: (held: number) => boolean,
  ): string | null {
    if (!this.#counts && this.rate === null) return null;
    const key = clientKey(ip);
    const active = this.#active.get(key) ?? 0;
    if (this.perClient !== null && active >= this.perClient) {
      return `at most ${this.perClient} at once`;
    }
    if (this.isShared && hasRoom?.(active) === false) {
      return `${active} are its share of what is free`;
    }
    if (this.rate && !this.#spend(key, this.rate, nowMs)) {
      return `at most ${this.rate.connections} in ${this.rate.seconds} seconds`;
    }
    if (this.#counts) this.#active.set(key, active + 1);
    return null;
  }

  get #counts(): boolean {
    return this.perClient !== null || this.isShared;
  }

  /** How many clients' rates are held in memory. */
  get remembered(): number {
    return this.#buckets.size + this.#olderBuckets.size;
  }

  leave(ip: string): void {
    if (!this.#counts) return;
    const key = clientKey(ip);
    const active = this.#active.get(key)! - 1;
    if (active === 0) this.#active.delete(key);
    else this.#active.set(key, active);
  }

  /** A token bucket: bursts up to the number, then its average. */
  #spend(key: string, rate: Rate, nowMs: number): boolean {
    const bucket = this.#buckets.get(key) ?? this.#olderBuckets.get(key) ??
      { tokens: rate.connections, at: nowMs };
    const grown = (nowMs - bucket.at) / 1000 * rate.connections / rate.seconds;
    bucket.tokens = Math.min(rate.connections, bucket.tokens + grown);
    bucket.at = nowMs;
    if (this.#buckets.size >= generationSize && !this.#buckets.has(key)) {
      this.#olderBuckets = this.#buckets; // who was silent longest is forgotten
      this.#buckets = new Map();
    }
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}
