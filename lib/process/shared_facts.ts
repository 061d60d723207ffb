/**
 * What workers know of themselves, for the one of them that answers at
 * `--metrics`: each writes it into a file without a name, which all have.
 *
 * @module
 */
import type { Facts } from "../metrics/facts.ts";
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

  /** Tells the others. */
  write(facts: Facts): void {
    const fd = takeHandedFiles().renewed.get(pathOf(this.part.index));
    if (fd === undefined) return; // of an older version
    rewriteFile(fd, new TextEncoder().encode(JSON.stringify(facts)));
  }

  /** What the others have told. */
  read(): Facts[] {
    const { count, index } = this.part;
    for (let i = 0; i < count; i++) if (i !== index) this.#readOne(i);
    return [...this.#last.values()];
  }

  #readOne(index: number): void {
    try {
      const bytes = readHandedFile(pathOf(index), true);
      if (bytes === null || bytes.length === 0) return;
      this.#last.set(index, JSON.parse(new TextDecoder().decode(bytes)));
    } catch {
      // It is being written just now: what was there before will do.
    }
  }
}
