/**
 * Policies and filters: how often each was asked, what it wanted, and what that
 * took; made of a gate's events.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import type { AskedFacts } from "./facts.ts";

/** What the configuration names is few; a mistake must not cost memory. */
const mostNames = 100;

export class Asked {
  readonly #byName = new Map<
    string,
    { -readonly [K in keyof AskedFacts]: AskedFacts[K] }
  >();

  readonly emit: Emit = (event) => {
    switch (event.type) {
      case "policy.answered":
        return this.#note(event.policy, event.answer, event.milliseconds);
      case "filter.answered":
        return this.#note(event.filter, event.answer, event.milliseconds);
    }
  };

  get facts(): readonly AskedFacts[] {
    return [...this.#byName.values()];
  }

  #note(name: string, answer: string, milliseconds: number): void {
    let known = this.#byName.get(name);
    if (!known) {
      if (this.#byName.size === mostNames) return;
      known = { name, asked: 0, minded: 0, totalMs: 0, longestMs: 0 };
      this.#byName.set(name, known);
    }
    known.asked++;
    if (answer !== "pass" && answer !== "accept") known.minded++;
    known.totalMs += milliseconds;
    known.longestMs = Math.max(known.longestMs, milliseconds);
  }
}

/** Of several workers. */
export function askedTogether(
  all: readonly (readonly AskedFacts[])[],
): AskedFacts[] {
  const found = new Map<string, AskedFacts>();
  for (const each of all.flat()) {
    const known = found.get(each.name);
    found.set(
      each.name,
      known === undefined ? each : {
        name: each.name,
        asked: known.asked + each.asked,
        minded: known.minded + each.minded,
        totalMs: known.totalMs + each.totalMs,
        longestMs: Math.max(known.longestMs, each.longestMs),
      },
    );
  }
  return [...found.values()];
}
