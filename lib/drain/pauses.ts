/**
 * How long a message rests before it is tried again, and where. Pure.
 *
 * @module
 */
import { pausesMinutes, type Topology } from "../queue/topology.ts";

const minuteMs = 60_000, dayMs = 24 * 60 * minuteMs;
/** Clocks of machines that are looked after differ by less. */
const clocksMs = 60 * minuteMs;

/** Growing, as the queues are that messages rest in. */
export const usualPausesMs: readonly number[] = pausesMinutes.map((minutes) =>
  minutes * minuteMs
);

export class Pauses {
  /**
   * @param milliseconds after each failed attempt; after more of them, the last
   * @param mostDays from a message's acceptance until it is given up
   */
  constructor(
    readonly topology: Topology,
    readonly milliseconds: readonly number[],
    readonly mostDays: number,
  ) {}

  /** @param attempts how often it has failed, at least once */
  after(attempts: number): number {
    const { milliseconds } = this;
    return milliseconds[Math.min(attempts, milliseconds.length) - 1];
  }

  /** From this on a pause is a clock's fault, here or at another drain. */
  get tooLongMs(): number {
    return Math.max(...this.milliseconds, ...usualPausesMs) + clocksMs;
  }

  /** Where others rest about as long: behind them it waits for nobody long. */
  queueFor(pauseMs: number): string {
    const { retries } = this.topology;
    const at = usualPausesMs.findIndex((each) => each >= pauseMs);
    return retries[at < 0 ? retries.length - 1 : at];
  }

  /** Whether one that has failed now is not tried again. */
  isTooOld(acceptedAt: number, now: number): boolean {
    const { mostDays } = this;
    return mostDays === 0 || now >= acceptedAt + mostDays * dayMs;
  }
}
