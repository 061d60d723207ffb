/**
 * What a drain tells of its deliveries.
 *
 * @module
 */
import type { DeliveryFacts, Emit } from "../base/events.ts";
import type { Delivery } from "../deliver/target.ts";
import type { Unsettled } from "./settlement.ts";
import type { Work } from "./work.ts";

/** How a recipient was tried. */
interface Tried {
  readonly target: string | null;
  readonly milliseconds: number;
}

export class Story {
  readonly #tried = new WeakMap<Work, Map<string, Tried>>();

  constructor(readonly emit: Emit) {}

  /** A target has answered; what it has taken is told at once. */
  tried(
    work: Work,
    target: string | null,
    fates: ReadonlyMap<string, Delivery>,
    milliseconds: number,
  ): void {
    const known = this.#tried.get(work) ?? new Map<string, Tried>();
    this.#tried.set(work, known);
    for (const [recipient, fate] of fates) {
      known.set(recipient, { target, milliseconds });
      if (fate.type !== "stored") continue;
      const delivery = this.#facts(work, recipient);
      this.emit({ type: "delivery.stored", delivery, queued: fate.id });
    }
  }

  /** It is certain what becomes of the others. */
  settled(work: Work, unsettled: readonly Unsettled[]): void {
    for (const { recipient, trouble, due, report } of unsettled) {
      const delivery = this.#facts(work, recipient);
      const { code, enhanced, text } = trouble;
      const reply = { code, text: `${enhanced} ${text}`.trim() };
      this.emit(
        due === null
          ? { type: "delivery.failed", delivery, reply, report }
          : { type: "delivery.deferred", delivery, reply, due },
      );
    }
  }

  #facts(work: Work, recipient: string): DeliveryFacts {
    const { id, sender, attempts } = work.facts;
    const tried = this.#tried.get(work)?.get(recipient);
    return {
      ...{ id, sender, recipient, sizeBytes: work.text.length },
      target: tried?.target ?? null,
      attempts: attempts + 1,
      milliseconds: tried?.milliseconds ?? null,
    };
  }
}
