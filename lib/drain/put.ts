/**
 * Puts a copy of a message into a queue, and does not give up while the message
 * itself is ours: it cannot be acknowledged before.
 *
 * @module
 */
import { type Emit } from "../base/events.ts";
import { LastingTrouble } from "../base/lasting_trouble.ts";
import type { Publisher } from "../queue/publisher.ts";
import type { Taken } from "./intake.ts";

/** @returns false if the message has been lost, and comes again */
export type Put = (
  queue: string,
  bytes: Uint8Array<ArrayBuffer>,
  id: string,
  of: Pick<Taken, "isLost">,
) => Promise<boolean>;

const againMs = 2000;

/** @param emit is told of troubles, once */
export function putter(
  publisher: Pick<Publisher, "publish">,
  emit: Emit,
): Put {
  const trouble = new LastingTrouble(emit);
  return async (queue, bytes, id, of) => {
    for (;;) {
      if (of.isLost) return false;
      const published = await publisher.publish(queue, bytes, id);
      if (published.type === "stored") {
        trouble.over();
        return true;
      }
      const why = published.why;
      trouble.tell([`unable to put a message into ${queue}: ${why}`]);
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  };
}
