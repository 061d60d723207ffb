/**
 * How hard a property is tried: with POSTERN_RUNS=all as long as it takes to
 * be sure, else as long as one likes to wait; POSTERN_RUNS=N is N times.
 *
 * @module
 */
export function runs(all: number, usual: number): number {
  const asked = Deno.env.get("POSTERN_RUNS");
  return asked === "all" ? all : Number(asked) || usual;
}

/** mulberry32: a stream of numbers in [0, 1) that a seed repeats. */
export function randomFrom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An address that only this process is likely to listen on. */
export function loopback(): string {
  const part = () => 1 + Math.floor(Math.random() * 254);
  return `127.${part()}.${part()}.${part()}`;
}
