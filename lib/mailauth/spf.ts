/**
 * SPF (RFC 7208): may this client send for the sender's domain?
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { printable } from "../base/foreign_text.ts";
import type { Helper } from "../helper/helper.ts";
import { answerHere } from "../helper/here.ts";
import type { Resolver } from "../net/resolver.ts";
import { isEvaluable, type Sender } from "./claims.ts";
import { spfQuestion, type SpfResult } from "./questions.ts";

export { isEvaluable, type Sender };

const errorLimit = 255;

export interface SpfOptions {
  /** Our host name. */
  readonly me: string;
  readonly resolver: Resolver;
  /** Who does it; without one it is done here. */
  readonly helper?: Helper | undefined;
  /** Takes a line for the administrator. */
  readonly emit: Emit;
}

const temperror: SpfResult = {
  result: "temperror",
  domain: "",
  failure: null,
};

/**
 * Evaluates SPF for the sender's domain, or, without a sender, for the name in
 * HELO. Never rejects: any trouble of ours is a `temperror` and a line in the
 * log.
 *
 * @param sender for whom {@linkcode isEvaluable} holds
 */
export async function evaluateSpf(
  sender: Sender,
  { me, resolver, helper, emit }: SpfOptions,
): Promise<SpfResult> {
  const question = spfQuestion(sender, me, resolver);
  let result: SpfResult | null;
  try {
    result = helper
      ? await helper.ask(question)
      : await answerHere(question, (await import("./answers.ts")).answer);
  } catch (error) {
    result = { ...temperror, failure: String(error) };
  }
  if (result === null) return temperror;
  const { failure } = result;
  if (failure !== null) {
    const why = printable(failure, errorLimit);
    emit(trouble(`unable to evaluate SPF: ${why}`));
  }
  return result;
}
