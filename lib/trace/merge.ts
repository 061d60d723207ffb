/**
 * Records of several logs as those of one, by their times. Pure.
 *
 * @module
 */
import type { Record } from "./record.ts";

/** A log's records that have come and were not taken. */
class Head {
  #records: readonly Record[] = [];
  #at = 0;

  constructor(readonly batches: AsyncIterator<Record[]>) {}

  get record(): Record {
    return this.#records[this.#at];
  }

  /** Whether there is one more. */
  async advance(): Promise<boolean> {
    if (++this.#at < this.#records.length) return true;
    const { value, done } = await this.batches.next();
    if (done) return false;
    this.#records = value;
    this.#at = 0;
    return true;
  }
}

/**
 * No more is kept than what one step of each has brought. Records of the same
 * moment stay in the order of the logs.
 */
export async function* merged(
  logs: readonly AsyncIterable<Record[]>[],
): AsyncGenerator<Record> {
  const heads: Head[] = [];
  for (const log of logs) {
    const head = new Head(log[Symbol.asyncIterator]());
    if (await head.advance()) heads.push(head);
  }
  while (heads.length > 0) {
    const first = heads.reduce((one, other) =>
      other.record.timeMs < one.record.timeMs ? other : one
    );
    yield first.record;
    if (!await first.advance()) heads.splice(heads.indexOf(first), 1);
  }
}
