/**
 * What workers know of themselves, for the one of them that answers at
 * `--metrics`: each writes it into a file without a name, which all have.
 *
 * @module
 */
import type { Facts } from "../metrics/facts.ts";
import { lastingMetrics } from "../metrics/lasting.ts";
import {
  fileToHand,
  readHandedFile,
  rewriteFile,
  takeHandedFiles,
} from "../sys/handed_files.ts";
import type { WorkerPart } from "./worker_role.ts";

const pathOf = (index: number) => `facts of worker ${index + 1}`;

/** Descriptors to be handed to each worker. Throws SystemError. */
export const factsFiles = (count: number): Map<string, number> =>
  new Map(
    Array.from(
      { length: count },
      (_, i) => [pathOf(i), fileToHand(new Uint8Array(0))],
    ),
  );

export class SharedFacts {
  /** What was last read whole of each. */
  readonly #last = new Map<number, Facts>();

  constructor(readonly part: WorkerPart) {}

  /** What the worker had counted in whose place this one is. */
  async before(): Promise<unknown[]> {
    const found = factsIn(this.part.index);
    return found === null ? [] : await lastingMetrics(found.metrics);
  }

  /** Tells the others. */
  write(facts: Facts): void {
    const fd = takeHandedFiles().renewed.get(pathOf(this.part.index));
    if (fd === undefined) return; // of an older version
    rewriteFile(fd, new TextEncoder().encode(JSON.stringify(facts)));
  }

  /** What the others have told. */
  read(): Facts[] {
    const { count, index } = this.part;
    const all: Facts[] = [];
    for (let i = 0; i < count; i++) {
      if (i === index) continue;
      const found = factsIn(i) ?? this.#last.get(i);
      if (found === undefined) continue; // it has not told anything yet
      this.#last.set(i, found);
      all.push(found);
    }
    return all;
  }
}

/** What a worker has told; null if nothing, or if it is telling just now. */
function factsIn(index: number): Facts | null {
  try {
    const bytes = readHandedFile(pathOf(index), true);
    if (bytes === null || bytes.length === 0) return null;
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
