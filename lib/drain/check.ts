/**
 * What has to hold of a shared queue before anything is taken from it: the same
 * as for a gate, but for alarms. A broker that is short of space takes nothing
 * more, and what is taken from it makes room.
 *
 * @module
 */
import { inTime, noAnswerWithin } from "../net/in_time.ts";
import { lookMs } from "../queue/checks.ts";
import { findingLine, inOneLine } from "../queue/finding.ts";
import { lookAt } from "../queue/looking.ts";
import type { QueueOptions } from "../queue/options.ts";
import type { Check } from "../queue/publisher.ts";
import { Remembered } from "../queue/remembered.ts";

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
  const looked = lookAt(model, options);
  const { findings } = await inTime(looked, lookMs, noAnswerWithin(lookMs));
  const wrong = remembered.wrongOf(
    findings.filter(({ check }) => check !== "alarms"),
    performance.now(),
  );
  const line = inOneLine(wrong.map(findingLine), "postern queue status");
  if (line !== null) throw new Error(line);
}
