/**
 * What a helper is asked.
 *
 * @module
 */

/** What a helper wants before it can go on, and gets. */
export type Call = (
  wanted: Uint8Array<ArrayBuffer>,
) => Promise<Uint8Array<ArrayBuffer>>;

export interface Question<T> {
  /** The address of the client who chose it: others do not wait for him. */
  readonly client: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For all of it; then the helper has to answer with what it has. */
  readonly seconds: number;
  /**
   * Answers what the helper wants, for one attempt: a helper that is killed
   * for somebody else's question is followed by one that begins again. What
   * is wanted is not to be trusted: a call that throws ends the helper.
   */
  attempt(): Call;
  /** Reads the answer, which is not to be trusted. @throws Error */
  read(answer: Uint8Array<ArrayBuffer>): T;
}

/** What answers questions: in a helper, or in this process. */
export type Answerer = (
  question: Uint8Array<ArrayBuffer>,
  call: Call,
  /** Aborted when the time is over; calls fail from then on. */
  hurry: AbortSignal,
) => Promise<Uint8Array<ArrayBuffer>>;
