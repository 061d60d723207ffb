/**
 * SPF as a policy: what its result means for a recipient.
 *
 * @module
 */
import { printable } from "../base/foreign_text.ts";
import { evaluateSpf, isEvaluable, type SpfOptions } from "../mailauth/spf.ts";
import { accept, type Answer, type Policy, type Question } from "./question.ts";

export type { SpfOptions };

const domainLimit = 255;

/**
 * A policy for one connection: evaluates SPF once for each message, for the
 * sender's domain, or, without a sender, for the name in HELO.
 *
 * `fail` refuses, 550 5.7.23; `temperror`, and any trouble of ours, defers,
 * 451 4.4.3 (fails closed); the others accept, as does a client without an
 * IP address, and one with neither a sender nor a name.
 */
export function spfPolicy(options: SpfOptions): Policy {
  let instance: string | undefined;
  let answer: Promise<Answer>;
  return (question) => {
    if (instance !== question.instance) {
      instance = question.instance;
      answer = answerTo(question, options);
    }
    return answer;
  };
}

async function answerTo(
  { clientIp, sender, helo }: Question,
  options: SpfOptions,
): Promise<Answer> {
  const claims = { ip: clientIp, sender, helo };
  if (!isEvaluable(claims)) return accept;
  const { result, domain } = await evaluateSpf(claims, options);
  return spfAnswer(result, clientIp, domain);
}

/** What a result (RFC 7208 2.6) of a check means for the recipient. */
export function spfAnswer(
  result: string,
  ip: string,
  domain: string,
): Answer {
  switch (result) {
    case "fail":
      return {
        type: "never",
        code: 550,
        enhanced: "5.7.23", // RFC 7372 3.2
        text: `${ip} may not send mail for ${printable(domain, domainLimit)}` +
          " (SPF)",
      };
    case "temperror":
      return {
        type: "later",
        code: 451,
        enhanced: "4.4.3",
        text: "unable to look up the sender's SPF policy for now",
      };
    default:
      return accept;
  }
}
