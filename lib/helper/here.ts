/**
 * Answering in this process, for one that has a single client: nobody else
 * waits for him.
 *
 * @module
 */
import type { Answerer, Question } from "./question.ts";

/** @throws Error that the answerer throws */
export async function answerHere<T>(
  question: Question<T>,
  answerer: Answerer,
): Promise<T> {
  const stop = new AbortController();
  let rejectCalls = (_: Error) => {};
  const late = new Promise<never>((_, reject) => rejectCalls = reject);
  late.catch(() => {}); // nothing may be waiting
  const timer = setTimeout(() => {
    stop.abort();
    rejectCalls(new Error("the time is over"));
  }, question.seconds * 1000);
  const attempt = question.attempt();
  try {
    const answer = await answerer(
      question.bytes,
      (wanted) => Promise.race([late, attempt(wanted)]),
      stop.signal,
    );
    return question.read(answer);
  } finally {
    clearTimeout(timer);
  }
}
