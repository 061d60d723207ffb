/**
 * The whole answer to a question of node's HTTP client, which asks who was
 * named: the runtime's own would go through a proxy that the environment names.
 *
 * @module
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import { noAnswerWithin } from "./in_time.ts";

/** An answer; its text was UTF-8. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** What is too much of an answer. */
export interface AnswerLimits {
  readonly milliseconds: number;
  readonly characters: number;
}

/**
 * Asks, and waits for the end of the answer.
 *
 * @param asked has neither been ended nor written to
 * @throws Error that says why there is none
 */
export async function httpAnswer(
  asked: ClientRequest,
  { milliseconds, characters }: AnswerLimits,
): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const giveUp = (why: string) => {
    reject(new Error(why));
    asked.destroy();
  };
  asked.on("response", (response: IncomingMessage) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (piece: string) => {
      text += piece;
      if (text.length > characters) giveUp("it says too much");
    });
    response.on("error", reject);
    response.on(
      "end",
      () => resolve({ status: response.statusCode ?? 0, text }),
    );
  });
  asked.on("error", reject);
  asked.end();
  // On some runtimes nothing at all is heard of one that hangs up at once.
  const timer = setTimeout(
    () => giveUp(noAnswerWithin(milliseconds)),
    milliseconds,
  );
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
