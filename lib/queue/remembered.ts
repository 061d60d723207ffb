/**
 * What counts of what was found, where brokers do not tell everything just now:
 * a node that has just started, and a queue whose leader has just died, are
 * silent about themselves for up to ten seconds.
 *
 * @module
 */
import type { Finding } from "./finding.ts";

/** Looks are a minute apart, and then it may take a while until all is told. */
const rememberedMs = 90_000;

export class Remembered {
  #wellAt = -Infinity;

  /**
   * What is wrong. That something is not told is wrong only where all was told,
   * and was well, too long ago, or never.
   *
   * @param now in milliseconds
   */
  wrongOf(findings: readonly Finding[], now: number): Finding[] {
    const all = findings.filter(({ state }) => state === "wrong");
    if (all.length === 0) this.#wellAt = now;
    const isKnown = now - this.#wellAt < rememberedMs;
    return isKnown ? all.filter(({ isUntold }) => !isUntold) : all;
  }
}
