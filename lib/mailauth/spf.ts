/**
 * SPF (RFC 7208): may this client send for the sender's domain?
 *
 * @module
 */
import { isIP } from "node:net";
import { toBytes } from "../base/bytes.ts";
import type { Resolver } from "../net/resolver.ts";
import { printable } from "./foreign_text.ts";
import {
  accept,
  type Answer,
  type Policy,
  type Question,
} from "../policy/question.ts";

/** RFC 7208 4.6.4: at least 20 seconds for the whole evaluation. */
const evaluationMs = 20_000;
/** RFC 7208 4.6.4's limits let through about this many. */
const lookupsLimit = 150;
const domainLimit = 255;

export interface SpfOptions {
  /** Our host name. */
  readonly me: string;
  readonly resolver: Resolver;
  /** Takes a line for the administrator. */
  readonly log: (line: string) => void;
}

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
      answer = evaluate(question, options);
    }
    return answer;
  };
}

async function evaluate(
  { clientIp, sender, helo }: Question,
  { me, resolver, log }: SpfOptions,
): Promise<Answer> {
  if (!isIP(clientIp) || (sender === "" && helo === null)) return accept;
  try {
    const { spf, nodeResolver } = await import("./mailauth.ts");
    const { status, domain } = await spf({
      ip: clientIp,
      sender: asText(sender),
      helo: asText(helo ?? clientIp),
      mta: me,
      resolver: nodeResolver(resolver, lookupsLimit),
      maxElapsedTime: evaluationMs,
    });
    return spfAnswer(status.result, clientIp, domain);
  } catch (error) {
    log(`unable to evaluate SPF: ${printable(String(error), domainLimit)}`);
    return spfAnswer("temperror", clientIp, "");
  }
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

const utf8 = new TextDecoder();

/** Byte strings that came from SMTP are UTF-8, if anything (RFC 6531). */
export function asText(bytes: string): string {
  return utf8.decode(toBytes(bytes));
}
