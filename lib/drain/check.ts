/**
 * What has to hold of a shared queue before anything is taken from it: the same
 * as for a gate, but for alarms. A broker that is short of space takes nothing
 * more, and what is taken from it makes room.
 *
 * @module
 */
import { findingLine } from "../queue/finding.ts";
import { lookAt } from "../queue/looking.ts";
import type { QueueOptions } from "../queue/options.ts";
import type { Check } from "../queue/publisher.ts";
import { Remembered } from "../queue/remembered.ts";

/** All hosts of the management API may have to be tried. */
const lookMs = 45_000;

/** @returns a check that throws an Error which says what is wrong */
export function takingCheck(options: QueueOptions): Check {
  const remembered = new Remembered();
  return (model) => {
    const looked = check(model, options, remembered);
    looked.catch(() => {}); // thrown below, or too late to count
    return remembered.wait(looked);
  };
}

async function check(
  model: Parameters<Check>[0],
  options: QueueOptions,
  remembered: Remembered,
): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`no answer in ${lookMs / 1000} seconds`)),
    lookMs,
  );
  try {
    const { findings } = await Promise.race([lookAt(model, options), promise]);
    const [first, ...others] = remembered.wrongOf(
      findings.filter(({ check }) => check !== "alarms"),
      performance.now(),
    ).map(findingLine);
    if (first === undefined) return;
    const more = others.length > 0
      ? ` (and ${others.length} more: postern queue status)`
      : "";
    throw new Error(first + more);
  } finally {
    clearTimeout(timer);
  }
}
