/**
 * Postfix's policy delegation protocol (SMTPD_POLICY_README, access(5)): what
 * is asked of a policy program, and what its answers mean. Bytes in, decisions
 * out; policy_program.ts does the asking.
 *
 * @module
 */
import type { Refusal } from "../mail/answers.ts";
import { printable, withoutControls } from "../base/foreign_text.ts";
import { accept, type Answer, type Question } from "./question.ts";

export {
  type ServiceAddress as PolicyAddress,
  serviceAddress as policyAddress,
} from "../base/service_address.ts";

/** A request, as a byte string; the empty line that ends it is in it. */
export function policyRequest(question: Question): string {
  const host = question.clientHost ?? "unknown";
  const attributes = {
    request: "smtpd_access_policy",
    protocol_state: "RCPT",
    protocol_name: question.protocol,
    client_address: question.clientIp,
    client_name: host,
    reverse_client_name: host,
    helo_name: question.helo ?? "",
    sender: question.sender,
    recipient: question.recipient,
    // Postfix counts at DATA and later only.
    recipient_count: "0",
    queue_id: "",
    instance: question.instance,
    size: String(question.sizeBytes),
    etrn_domain: "",
    stress: "",
    sasl_method: "",
    sasl_username: question.user ?? "",
    sasl_sender: "",
    ccert_subject: "",
    ccert_issuer: "",
    ccert_fingerprint: "",
    // Which one, the session does not tell.
    encryption_protocol: question.encrypted ? "TLS" : "",
    encryption_cipher: "",
    encryption_keysize: "0",
    policy_context: "",
  };
  let request = "";
  for (const [name, value] of Object.entries(attributes)) {
    request += `${name}=${withoutControls(value)}\n`;
  }
  return request + "\n";
}

/** What an answer means, and what the administrator should hear of it. */
export interface Verdict {
  readonly answer: Answer;
  readonly remark?: string;
}

/** A program that cannot be asked, or answers nonsense (Postfix's own code). */
export const policyTrouble: Refusal = {
  type: "later",
  code: 451,
  enhanced: "4.3.5",
  text: "unable to ask for our policy for now",
};

/** As much of a program's text as goes into a reply. */
const textLimit = 400;

/**
 * The verdict of a whole response, the empty line at its end left out.
 *
 * Actions that would change the message (PREPEND, HOLD, FILTER, ...) are not
 * performed: they count as DUNNO, with a remark. What is no action at all
 * defers, 451 4.3.5, as in Postfix.
 */
export function policyVerdict(response: string): Verdict {
  const line = /^action=[ \t]*(.*)$/m.exec(response);
  const [, word = "", rest = ""] = /^(\S*)\s*(.*)$/.exec(line?.[1] ?? "") ?? [];
  const text = printable(rest, textLimit);
  const numeric = /^([45])\d\d$/.test(word) ? Number(word) : null;
  if (numeric !== null) return { answer: refusal(numeric, text) };
  switch (word.toUpperCase()) {
    case "DUNNO":
    case "OK":
    case "PERMIT":
      return { answer: accept };
    case "REJECT":
      return { answer: refusal(554, text) };
    case "DEFER":
    case "DEFER_IF_PERMIT": // whoever is asked later is not heard any more
      return { answer: refusal(450, text) };
    case "BCC":
    case "DEFER_IF_REJECT":
    case "DISCARD":
    case "FILTER":
    case "HOLD":
    case "INFO":
    case "PREPEND":
    case "REDIRECT":
    case "WARN":
      return {
        answer: accept,
        remark: `not done: ${printable(`${word} ${rest}`, textLimit)}`,
      };
  }
  if (/^\d+$/.test(word)) return { answer: accept }; // access(5): as OK
  return {
    answer: policyTrouble,
    remark: line
      ? `not an action: ${printable(line[1], textLimit)}`
      : "a response without an action",
  };
}

const laterCodes = [421, 450, 451, 452] as const;
const neverCodes = [550, 552, 553, 554] as const;

/** A reply of the given code; one that we never give becomes its nearest. */
function refusal(code: number, text: string): Refusal {
  const [, status, said] = /^([245]\.\d{1,3}\.\d{1,3}) ?(.*)$/.exec(text) ??
    [null, null, text];
  const kind = code < 500 ? "4" : "5";
  const enhanced = kind + (status ?? "x.7.1").slice(1);
  const words = said || "refused by our policy";
  if (kind === "4") {
    const known = laterCodes.find((each) => each === code) ?? 451;
    return { type: "later", code: known, enhanced, text: words };
  }
  const known = neverCodes.find((each) => each === code) ?? 550;
  return { type: "never", code: known, enhanced, text: words };
}
