/**
 * Work that a message has in each of its mailboxes, of which it may have a
 * thousand: a few at a time, so that neither the process's descriptors nor the
 * disk nor the event loop's turns are one message's.
 *
 * @module
 */
import { eventLoop } from "../sys/event_loop.ts";

/** Of one message. */
export const batchMailboxes = 8;
/** Of the process, at once; the messages take turns. */
const mostBatches = 4;

let batches = 0;
const waiting: (() => void)[] = [];

/**
 * Does a step with each, in order, and stops after the batch in which one
 * fails.
 *
 * @throws what the first of them has failed by, when none is going on
 */
export async function inBatches<T>(
  all: readonly T[],
  step: (each: T) => void | Promise<void>,
): Promise<void> {
  for (let at = 0; at < all.length; at += batchMailboxes) {
    if (at > 0) await othersTurn();
    await begin();
    const results = await Promise.allSettled(
      all.slice(at, at + batchMailboxes).map(async (each) => await step(each)),
    );
    end();
    const failed = results.find(({ status }) => status === "rejected");
    if (failed) throw (failed as PromiseRejectedResult).reason;
  }
}

/** Resolves when whoever else has something to do has done it. */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => eventLoop.defer(resolve));
}

async function begin(): Promise<void> {
  if (batches < mostBatches) batches++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
}

/** Who has waited longest has the place at once, so that nobody overtakes. */
function end(): void {
  const next = waiting.shift();
  if (next) next();
  else batches--;
}
