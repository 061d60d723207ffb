/**
 * What counts of what was found, where brokers do not tell everything just now:
 * a node that has just started, and a queue whose leader has just died, are
 * silent about themselves for up to ten seconds.
 *
 * @module
 */
import { isInTime } from "../net/in_time.ts";
import type { Finding } from "./finding.ts";

/** Looks are a minute apart, and then it may take a while until all is told. */
const rememberedMs = 90_000;
/** Where all was well lately, nobody waits longer for brokers to tell it again. */
const briefMs = 3000;

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
    return this.#isKnown(now) ? all.filter(({ isUntold }) => !isUntold) : all;
  }

  /**
   * Waits for a look: while a node hangs, the others wait for what it tells
   * until they give it up, which takes a minute, and take mail all the while.
   */
  async wait(look: Promise<void>): Promise<void> {
    if (!this.#isKnown(performance.now())) return await look;
    await isInTime(look, briefMs);
  }

  #isKnown(now: number): boolean {
    return now - this.#wellAt < rememberedMs;
  }
}
