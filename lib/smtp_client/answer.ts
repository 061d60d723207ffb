/**
 * A server's reply, as an answer to our own client.
 *
 * @module
 */
import type { Refusal } from "../mail/answers.ts";
import type { Reply } from "./reply.ts";

/** Who decided, for the log. */
const by = "next-hop";

/** What our own reply has room for, its code left out. */
const textChars = 400;

const laterCodes = [450, 451, 452] as const;
const neverCodes = [550, 552, 553, 554] as const;

/**
 * Refusals for good that are about how we speak, or who we are, and not about
 * the message: those are ours to mend, and nobody's mail is to be returned for
 * them.
 */
const ourFaults: readonly number[] = [500, 502, 503, 504, 530, 534, 535, 538];

/** Its words without its status; no byte of it can break a line of ours. */
export function wordsOf({ lines }: Reply): string {
  return cleaned(lines.map((line) => line.replace(status, "")).join(" "));
}

const status = /^([245]\.\d{1,3}\.\d{1,3})(?: +|$)/;

function cleaned(text: string): string {
  return text.replace(/[^ -~]+/g, "?").replace(/ {2,}/g, " ").trim()
    .slice(0, textChars);
}

/** Words of ours about a next hop. */
export function later(enhanced: string, text: string): Refusal {
  const code = enhanced === "4.3.1" ? 452 : 451;
  return { type: "later", code, enhanced, text: cleaned(text), by };
}

/**
 * A refusal with the server's own code, enhanced status and words where ours
 * may have them. 421 would end our client's session, and is 451.
 */
export function refusalOf(reply: Reply): Refusal {
  const { code } = reply;
  const isFinal = code >= 500 && !ourFaults.includes(code);
  const text = wordsOf(reply) || "refused";
  const said = status.exec(reply.lines[0])?.[1];
  if (isFinal) {
    return {
      type: "never",
      code: neverCodes.find((each) => each === code) ?? 554,
      enhanced: said?.startsWith("5") ? said : "5.0.0",
      text,
      by,
    };
  }
  if (code >= 500) return later("4.3.5", `the next hop said ${code} ${text}`);
  return {
    type: "later",
    code: laterCodes.find((each) => each === code) ?? 451,
    enhanced: said?.startsWith("4") ? said : "4.0.0",
    text,
    by,
  };
}
