/**
 * What can be told of where a message comes from: SPF, DKIM, ARC and DMARC.
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { printable } from "../base/foreign_text.ts";
import type { Helper } from "../helper/helper.ts";
import { answerHere } from "../helper/here.ts";
import type { Resolver } from "../net/resolver.ts";
import type { Sender } from "./claims.ts";
import {
  type Message,
  type Results,
  resultsQuestion,
  untold,
} from "./questions.ts";
import { resultsHeader } from "./results_header.ts";

export interface AuthenticationOptions {
  /** Our host name, under which the results are given. */
  readonly me: string;
  readonly resolver: Resolver;
  /** Who does it; without one it is done here. */
  readonly helper?: Helper | undefined;
  /** Then what is not known yet is `temperror`. */
  readonly seconds: number;
  /** Takes a line for the administrator. */
  readonly emit: Emit;
}

const errorLimit = 200;

export interface Authentication {
  /** Authentication-Results, with LF. */
  readonly header: string;
  /** DMARC fails, and an author's domain wants such a message refused. */
  readonly isUnwanted: boolean;
  /** Each different result, for the log: `spf pass, dkim none, dmarc pass`. */
  readonly remark: string;
}

/**
 * The Authentication-Results of a message. Never rejects: what could
 * not be checked for now is `temperror`, and what is too long to be checked
 * `permerror`.
 *
 * @param message gives its bytes, lines ended by LF, as often as it is called
 */
export async function authenticationResults(
  sender: Sender,
  message: () => Message,
  options: AuthenticationOptions,
): Promise<Authentication> {
  const { me, helper, emit } = options;
  const question = resultsQuestion(sender, message, me, options);
  let results: Results | null;
  try {
    results = helper
      ? await helper.ask(question)
      : await answerHere(question, (await import("./answers.ts")).answer);
  } catch (error) {
    results = { ...untold, failure: String(error) };
  } finally {
    await question.close();
  }
  const { rows, isUnwanted, failure } = results ?? untold;
  if (failure !== null) {
    const why = printable(failure, errorLimit);
    emit(trouble(`unable to authenticate a message: ${why}`));
  }
  const words = rows.map((row) => row.split(" ", 1)[0].replace("=", " "));
  const remark = [...new Set(words)].join(", ");
  return { header: resultsHeader(me, rows), isUnwanted, remark };
}
